/** Stanzas of a component: whom they may be from, and how many may wait for the disk (XEP-0114 1.6 §3). */

import { domainIn, Jid } from '@tercet/jid'
import { errorReplyTo, fromFragment, StanzaError, StreamError, writeStanza, type Stanza } from '@tercet/stanza'
import type { Fragment } from '@tercet/xml'
import type { Connection } from './connection.ts'
import type { Origin, Receipt } from './ports.ts'

/** The way in of one connection. */
export class Inbound implements Origin {
  readonly promised = true
  readonly gone = false
  readonly session = undefined
  readonly #connection: Connection
  readonly #lang: string
  /** Stanzas that are not handled yet. */
  #open = 0
  /** The reader, which goes on when no more are open than this. */
  #waits: { readonly atMost: number; readonly resolve: () => void } | undefined

  constructor(connection: Connection, lang: string) {
    this.#connection = connection
    this.#lang = lang
    this.#waits = undefined
  }

  get streamId(): string {
    return this.#connection.stream.id
  }

  /** A promise: the stream is to be read no further before it resolves. */
  stanza(fragment: Fragment): void | Promise<void> {
    const { component } = this.#connection
    const { components, domain } = component
    const from = fragment.attr('from')
    if (!from || !fragment.attr('to'))
      throw new StreamError('improper-addressing', { text: 'A stanza of a component has from and to' })
    try {
      const stanza = fromFragment(fragment, { lang: this.#lang })
      if (stanza.from?.domain !== domain) throw invalidFrom(domain)
      if (stanza.kind === 'iq' && this.#connection.answered(stanza)) return
      // What comes in while the server stops is not taken any more.
      if (components.paused) return new Promise(() => {})
      if (this.#open > 0 && isPing(stanza)) return this.#until(0).then(() => this.#take(stanza))
      return this.#take(stanza)
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      if (domainIn(from) !== domain) throw invalidFrom(domain)
      this.#refuse(fragment, error, from)
    }
  }

  #take(stanza: Stanza): void | Promise<void> {
    const { receiver, limits } = this.#connection.component.components
    const receipt: Receipt = receiver.receive(stanza, this)
    if (receipt.over) return
    this.#open++
    receipt.whenOver(() => this.#handled())
    // A disk that is slower than the component: read on when half of it is done.
    if (this.#open >= limits.unhandled) return this.#until(Math.floor(limits.unhandled / 2))
  }

  #until(atMost: number): Promise<void> {
    return new Promise(resolve => (this.#waits = { atMost, resolve }))
  }

  #handled(): void {
    this.#open--
    if (!this.#waits || this.#open > this.#waits.atMost) return
    this.#waits.resolve()
    this.#waits = undefined
  }

  /** Answers a stanza that could not be read. */
  #refuse(fragment: Fragment, error: StanzaError, from: string): void {
    const { components } = this.#connection.component
    try {
      const reply = errorReplyTo(fragment, error, Jid.parse(from))
      if (reply)
        this.#connection.answer(writeStanza(reply.from ? reply : reply.with({ from: Jid.parse(components.domain) })))
    } catch (cause) {
      components.logger.debug(
        { stream: this.streamId, reason: (cause as Error).message },
        'A stanza of a component could neither be read nor answered',
      )
    }
  }
}

function invalidFrom(domain: string): StreamError {
  return new StreamError('invalid-from', { text: `This stream is for ${domain}` })
}

/** The answer to a ping to a domain says that all before it is safe. */
function isPing({ kind, type, to, content }: Stanza): boolean {
  return kind === 'iq' && type === 'get' && to?.local === '' && content.nsAt(0) === 'urn:xmpp:ping'
}
