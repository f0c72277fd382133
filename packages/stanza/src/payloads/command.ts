// XEP-0050 1.3.0: ad-hoc commands.
import { Element } from '@tercet/xml'
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child, content, flag } from '../fields.ts'
import { iqSet } from '../query.ts'
import { oneOf } from '../scalars.ts'
import { dataForm } from './data-form.ts'

/** Namespace of commands; also the node that lists them (§2.2). */
export const NS = 'http://jabber.org/protocol/commands'

const requestFields = {
  node: attr('node'),
  sessionId: attr('sessionid').optional,
  /** What is to be done; a word that is none of the five is refused by whoever runs commands (§4.4). No action is `execute`. */
  action: attr('action').optional,
  form: child(dataForm).optional,
}

/** Executes a command, or goes on with it. */
export type CommandRequest = Read<typeof requestFields>

const noteFields = { type: attr('type', oneOf('error', 'info', 'warn')).or('info'), text: content() }

/** What a person is told about it (§4.3). */
export type CommandNote = Read<typeof noteFields>

const actionsFields = {
  execute: attr('execute', oneOf('complete', 'next', 'prev')).optional,
  prev: flag('prev'),
  next: flag('next'),
  complete: flag('complete'),
}

const resultFields = {
  node: attr('node'),
  sessionId: attr('sessionid').optional,
  status: attr('status', oneOf('canceled', 'completed', 'executing')),
  actions: child<Read<typeof actionsFields>>(element(NS, 'actions', actionsFields)).optional,
  notes: child<CommandNote>(element(NS, 'note', noteFields)).many,
  form: child(dataForm).optional,
}

/** How far a command is, and what it wants or gives. */
export type CommandResult = Read<typeof resultFields>

/** `<command/>` of an answer. */
export const result: Codec<CommandResult> = element(NS, 'command', resultFields)

/** Executes a command (§3). */
export const command = iqSet(element(NS, 'command', requestFields), result)

/** What exactly was wrong (§4.4). */
export type CommandCondition =
  'bad-action' | 'bad-locale' | 'bad-payload' | 'bad-sessionid' | 'malformed-action' | 'session-expired'

/** The condition of an error, to stand beside that of the stanza. */
export function condition(name: CommandCondition): Element {
  return new Element(name, NS)
}
