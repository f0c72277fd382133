/** A bound stream for programs that want stanzas and nothing else: a handler that stamps them and refuses what cannot be handled (RFC 6120 §8). */

import type { FullJid } from '@tercet/jid'
import {
  errorReplyTo,
  fromFragment,
  isStanza,
  StanzaError,
  StreamError,
  writeStanza,
  type Stanza,
} from '@tercet/stanza'
import type { Fragment } from '@tercet/xml'
import type { Stream, StreamHandler } from './stream.ts'

/** What the owner of a {@link stanzaHandler} does. */
export interface StanzaHandlerOptions {
  /** The bound address; every stanza comes from it, whatever the peer wrote (RFC 6120 §8.1.2.1). */
  readonly jid: FullJid
  /** One stanza, in order. What is thrown refuses it: a `StanzaError` as it is, anything else as `<internal-server-error/>`. */
  stanza(stanza: Stanza): void | Promise<void>
  /** The stream is over; comes once, last. */
  closed(): void
  /** Hears of bugs, default: the console. */
  failed?(error: unknown): void
}

/** Handles a bound stream that has no stream management. */
export function stanzaHandler(stream: Stream, options: StanzaHandlerOptions): StreamHandler {
  const { jid } = options
  const failed = (error: unknown): void => (options.failed ? options.failed(error) : console.error(error))
  const refuse = (fragment: Fragment, error: unknown): void => {
    if (!(error instanceof StanzaError)) failed(error)
    const refusal = error instanceof StanzaError ? error : new StanzaError('internal-server-error', { cause: error })
    const reply = errorReplyTo(fragment, refusal, jid)
    if (reply) stream.send(writeStanza(reply))
  }
  return {
    event(event) {
      if (event.kind === 'close') return
      if (event.kind !== 'element')
        throw new StreamError('not-well-formed', { text: 'A stream header is not expected here' })
      const { element } = event
      if (!isStanza(element))
        throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
      try {
        return options.stanza(fromFragment(element, { from: jid }))?.catch((error: unknown) => refuse(element, error))
      } catch (error) {
        refuse(element, error)
      }
    },
    closed: () => options.closed(),
    failed,
  }
}
