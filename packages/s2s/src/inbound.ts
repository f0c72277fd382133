/** Stanzas of another server: whom they may be from and to, and who takes them (RFC 6120 §8.1.1.2, §8.1.2.2, §10.4). */

import { domainIn, Jid } from '@tercet/jid'
import { errorReplyTo, fromFragment, StanzaError, StreamError, type Iq, type Stanza } from '@tercet/stanza'
import type { Fragment } from '@tercet/xml'
import { pairKey } from './dialback.ts'
import type { Link } from './link.ts'

/** The way in of one stream. */
export class Inbound {
  readonly #link: Link
  // The pair of the last stanza: most come in rows.
  #from = ''
  #to = ''

  constructor(link: Link) {
    this.#link = link
  }

  /** A promise: the stream is to be read no further before it resolves. */
  stanza(fragment: Fragment): void | Promise<void> {
    const { arrived, facts, gateway } = this.#link
    const fromText = fragment.attr('from')
    const toText = fragment.attr('to')
    if (!fromText || !toText)
      throw new StreamError('improper-addressing', { text: 'Between servers a stanza has from and to' })
    let refusal: StanzaError | undefined
    try {
      const stanza = fromFragment(fragment, { lang: facts.lang })
      // Both attributes are there, so both addresses are.
      const from = stanza.from!
      const to = stanza.to!
      this.#check(from.domain, to.domain)
      if (stanza.kind === 'iq' && this.#isOwn(stanza, from, to)) return arrived.count(undefined)
      if (gateway.paused) return new Promise(() => {})
      if (!arrived.allHandled && isPing(stanza, to)) {
        // The answer says that all before it is safe.
        arrived.whenHandled(() => gateway.receiver.receive(stanza, this.#link))
        return arrived.count(undefined)
      }
      return arrived.count(gateway.receiver.receive(stanza, this.#link)) ?? gateway.rates.take(from.domain)
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      refusal = error
    }
    // What cannot be read ends here and not the stream: the next server's idea of an address is not this one's fault.
    const from = domainIn(fromText)
    const to = domainIn(toText)
    if (from === undefined) throw new StreamError('improper-addressing', { text: 'from has no domain' })
    if (to !== undefined) this.#check(from, to)
    this.#refuseUnread(fragment, fromText, refusal)
    return arrived.count(undefined)
  }

  /** Each pair has been proven on this very stream. */
  #check(from: string, to: string): void {
    if (from === this.#from && to === this.#to) return
    if (!this.#link.accepted.has(pairKey(from, to))) throw this.#refusal(from, to)
    this.#from = from
    this.#to = to
  }

  #refusal(from: string, to: string): StreamError {
    if (this.#link.accepted.size === 0)
      return new StreamError('not-authorized', { text: 'Prove your domain before you send stanzas' })
    if (!this.#link.gateway.isLocal(to)) return new StreamError('host-unknown', { text: `${to} is not served here` })
    return new StreamError('invalid-from', { text: `This stream is not proven to be from ${from} for ${to}` })
  }

  /** Answers a stanza that could not be read. */
  #refuseUnread(fragment: Fragment, from: string, error: StanzaError): void {
    const { gateway } = this.#link
    try {
      const reply = errorReplyTo(fragment, error, Jid.parse(from))
      if (reply?.from) gateway.send(reply)
    } catch (cause) {
      gateway.logger.debug({ from, reason: (cause as Error).message }, 'A stanza could neither be read nor answered')
    }
  }

  /** An answer to a ping of ours. */
  #isOwn(iq: Iq, from: Jid, to: Jid): boolean {
    if (iq.type !== 'result' && iq.type !== 'error') return false
    return this.#link.gateway.pings.answered(iq, from.text, to.text)
  }
}

/** A ping to the domain itself. */
function isPing(stanza: Stanza, to: Jid): boolean {
  return (
    stanza.kind === 'iq' &&
    stanza.type === 'get' &&
    to.local === '' &&
    to.resource === '' &&
    stanza.content.nsAt(0) === 'urn:xmpp:ping'
  )
}
