/** Tasks between a mechanism's success and being let in (XEP-0388 1.0.4 §2.6.3), receiving side. */

import { SaslError } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import { NS } from '@tercet/stanza/sasl2'
import type { Element, Fragment } from '@tercet/xml'
import type { Negotiation, ReceiverHost } from '../receiver.ts'
import type { Failure } from './sasl-exchange.ts'

/** One task. What it throws as `SaslError` fails the authentication. */
export interface Task {
  readonly name: string
  /** Wire text of the first `<task-data/>`. */
  begin(): string | Promise<string>
  /** Takes what the client answers; wire text of the next `<task-data/>`, or undefined: it is done. */
  take(data: readonly Element[]): string | undefined | Promise<string | undefined>
}

/** What of a stream tasks are performed over. */
type Line = Pick<Negotiation<ReceiverHost>, 'stream' | 'pull'>

/**
 * Performs tasks one after the other; undefined: all are done.
 *
 * @param additional wire text of the mechanism's last data, which goes with the first `<continue/>`
 */
export async function performTasks(
  line: Line,
  tasks: readonly Task[],
  additional: string,
): Promise<Failure | undefined> {
  let data = additional
  for (const task of tasks) {
    line.stream.send(`<continue xmlns='${NS}'>${data}<tasks><task>${task.name}</task></tasks></continue>`)
    data = ''
    try {
      await perform(line, task)
    } catch (error) {
      if (!(error instanceof SaslError)) throw error
      return { kind: 'failure', mechanism: '', condition: error.condition, text: error.text, guess: false }
    }
  }
}

async function perform(line: Line, task: Task): Promise<void> {
  const next = await pull(line, 'next')
  if (next.attr('task') !== task.name) throw new SaslError('malformed-request', { text: 'This task was not asked for' })
  for (let text: string | undefined = await task.begin(); text !== undefined;) {
    line.stream.send(`<task-data xmlns='${NS}'>${text}</task-data>`)
    text = await task.take((await pull(line, 'task-data')).content.elements())
  }
}

async function pull(line: Line, name: string): Promise<Fragment> {
  const element = await line.pull.element()
  if (element.ns === NS && element.name === 'abort') throw new SaslError('aborted')
  if (element.ns !== NS || element.name !== name) throw interrupted(element)
  return element
}

/** What no step of an authentication allows (§2.4). */
export function interrupted({ name }: Fragment): StreamError {
  return new StreamError('policy-violation', { text: `Finish authentication first: ${name} is not expected here` })
}
