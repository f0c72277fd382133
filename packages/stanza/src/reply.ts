// Answers: results and errors, addressed back to the sender (RFC 6120 §8.2.3, §8.3.1).
import { Jid } from '@tercet/jid'
import { Content, type Fragment } from '@tercet/xml'
import { Iq } from './iq.ts'
import { Message } from './message.ts'
import { Presence } from './presence.ts'
import { type StanzaError, stanzaError } from './stanza-error.ts'
import { NO_EXTRA, type Stanza, isStanza } from './stanza.ts'

/** The answer of type `result`, back to the sender; `content` is empty by default. */
export function resultOf(iq: Iq, content: Content = Content.EMPTY): Iq {
  return new Iq('result', iq.from, iq.to, iq.id, undefined, NO_EXTRA, content)
}

/**
 * The error stanza that refuses `stanza`: addresses swapped, id kept; `undefined` where nothing may be answered, since an error is
 * never answered, nor the result of an iq (RFC 6120 §8.3.1, §8.2.3).
 */
export function errorReply(stanza: Message, error: StanzaError): Message | undefined
export function errorReply(stanza: Presence, error: StanzaError): Presence | undefined
export function errorReply(stanza: Iq, error: StanzaError): Iq | undefined
export function errorReply(stanza: Stanza, error: StanzaError): Stanza | undefined
export function errorReply(stanza: Stanza, error: StanzaError): Stanza | undefined {
  if (!mayBeRefused(stanza.kind, stanza.type)) return undefined
  return errorStanza(stanza.kind, stanza.from, stanza.to, stanza.id, error)
}

/**
 * The error stanza for what never became a stanza, since `fromFragment` threw `error`; `to` is its sender. A malformed
 * address is not repeated: the error then comes from nobody, which is the server (RFC 6120 §8.3.1).
 */
export function errorReplyTo(fragment: Fragment, error: StanzaError, to: Jid | undefined): Stanza | undefined {
  if (!isStanza(fragment)) return undefined
  // isStanza knows these three names only.
  const kind = fragment.name as Stanza['kind']
  if (!mayBeRefused(kind, fragment.attr('type'))) return undefined
  return errorStanza(kind, to, readable(fragment.attr('to')), fragment.attr('id'), error)
}

function mayBeRefused(kind: Stanza['kind'], type: string | undefined): boolean {
  return type !== 'error' && !(kind === 'iq' && type === 'result')
}

function errorStanza(
  kind: Stanza['kind'],
  to: Jid | undefined,
  from: Jid | undefined,
  id: string | undefined,
  error: StanzaError,
): Stanza {
  const content = Content.of([stanzaError.write(error)])
  switch (kind) {
    case 'message':
      return new Message('error', to, from, id, undefined, NO_EXTRA, content)
    case 'presence':
      return new Presence('error', to, from, id, undefined, NO_EXTRA, content)
    case 'iq':
      // Where there was no id, the error has an empty one (RFC 6120 §8.3.1).
      return new Iq('error', to, from, id ?? '', undefined, NO_EXTRA, content)
  }
}

function readable(text: string | undefined): Jid | undefined {
  if (text === undefined) return undefined
  try {
    return Jid.parse(text)
  } catch {
    return undefined
  }
}
