/** Stream management towards another server (XEP-0198 1.6.3 §§3, 5): counting, and taking up a stream whose connection was lost. */

import { enabled, failed, NS, resume, resumed } from '@tercet/stanza/sm'
import { StreamEnded } from '@tercet/stream'
import { write, type Content } from '@tercet/xml'
import { answer, has, type Opened } from './outgoing-stream.ts'
import type { Lost, Resumption } from './resumption.ts'

/** Asks the peer to confirm, where it offers that; false: it does not. */
export async function enableManagement(
  opened: Opened,
  features: Content,
): Promise<{ readonly resumption: Resumption | undefined } | false> {
  if (!has(features, 'sm', NS)) return false
  const { resumeMs } = opened.gateway.limits
  opened.stream.send(`<enable xmlns='${NS}'${resumeMs > 0 ? " resume='true'" : ''}/>`)
  const element = await answer(opened, ({ ns, name }) => ns === NS && (name === 'enabled' || name === 'failed'))
  if (element.name === 'failed') return false
  const { id, resume: canResume, max } = enabled.read(element.toElement())
  if (!canResume || id === undefined || resumeMs === 0) return { resumption: undefined }
  return { resumption: { id, ms: Math.min(resumeMs, max === undefined ? Infinity : max * 1000) } }
}

/**
 * Takes up a stream whose connection was lost; undefined: the peer does not know it any more. Either way what the peer says to have is not
 * sent again.
 *
 * @throws {StreamError} it says to have more than it was sent
 */
export async function takeUp(opened: Opened, features: Content, lost: Lost): Promise<number | undefined> {
  if (!has(features, 'sm', NS) || !lost.lives) return undefined
  // What has arrived and is not safe yet would come again: there is one number for both.
  const settled = lost.arrived.settled()
  if (settled) await orAborted(settled, opened.signal)
  const { id } = lost.resumption
  opened.stream.send(write(resume.write({ previd: id, h: lost.arrived.received })))
  const element = await answer(opened, ({ ns, name }) => ns === NS && (name === 'resumed' || name === 'failed'))
  const { h } = (element.name === 'resumed' ? resumed : failed).read(element.toElement())
  if (h !== undefined) lost.confirm(h)
  return element.name === 'resumed' ? h : undefined
}

function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    void promise.then(resolve)
    signal.addEventListener('abort', () => reject(new StreamEnded('What had arrived could not be stored in time')), {
      once: true,
    })
  })
}
