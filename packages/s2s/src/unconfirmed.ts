/** What was sent on a stream of another server, until that server confirms it: by its count (XEP-0198 1.6.3 §4), or by the answer to a ping (XEP-0199 2.0.1). */

import { NS_SM, SentQueue } from '@tercet/stream'
import type { Entry } from './entry.ts'
import type { Link } from './link.ts'
import { isBefore } from './modular.ts'

/** Stanzas that have no row are confirmed for the sake of memory alone: so many at a time, or after so long. */
const LAZY_STANZAS = 50
const LAZY_MS = 1000
/** The same where a ping has to ask, and for nothing but presence and requests. */
const LAZY_PING_MS = 10_000

/** The unconfirmed stanzas of one stream. */
export class Unconfirmed {
  readonly #link: Link
  /** The peer confirms by stream management; else by answers to pings. */
  managed = false
  /** Stanzas among them that must not be lost. */
  owed = 0
  #sent = new SentQueue<Entry>()
  /** Stanzas that were confirmed and still have a row, and their characters. */
  #outliving = 0
  #outlivingCharacters = 0
  /** Where the peer's count began here. */
  #begun = 0
  /** The last of those that have a row, in the numbering of what was sent. */
  #spooled = 0
  /** The peer will be asked in a while. */
  #asksLater = false
  /** A ping was answered by a result here. */
  #knowsPings = false
  /** How far the unanswered ping speaks. */
  #pinged = 0
  #pingId: string | undefined
  #askedMs = 0

  constructor(link: Link) {
    this.#link = link
    this.#pingId = undefined
  }

  /** Stanzas that the peer has confirmed on this stream so far, in its way of now. */
  get confirmed(): number {
    return (this.#sent.acked - this.#begun) >>> 0
  }

  /** What was sent, as the peer counts it. */
  get sent(): SentQueue<Entry> {
    return this.#sent
  }

  get size(): number {
    return this.#sent.size
  }

  /** The peer was asked, and has not answered. */
  get asked(): boolean {
    return this.#sent.asked
  }

  /** When it has to answer, if it was asked. */
  get answerMs(): number | undefined {
    return this.#sent.asked ? this.#askedMs + this.#link.gateway.limits.answerMs : undefined
  }

  /** No more may be sent: the window is what may arrive twice after a crash, and so are confirmed stanzas as long as they have rows. */
  get full(): boolean {
    const { windowStanzas, windowCharacters } = this.#link.gateway.limits
    const { size, characters } = this.#sent
    return size + this.#outliving >= windowStanzas || characters + this.#outlivingCharacters >= windowCharacters
  }

  /** Worth asking for. A full window is, however small: nothing else leaves before the answer. */
  get #many(): boolean {
    return this.#sent.size >= LAZY_STANZAS || this.full
  }

  /** One more is sent. */
  push(entry: Entry): void {
    if (entry.owed) this.owed++
    this.#sent.push(entry.text, entry)
    if (entry.spooled) this.#spooled = this.#sent.sent
  }

  /** Asks the peer to confirm: now if somebody here waits for that, else in a while. */
  askIfWanted(): void {
    const sent = this.#sent
    if (sent.asked || sent.size === 0) return
    if (this.#many || isBefore(sent.acked, this.#spooled)) this.ask()
    else this.#askLater()
  }

  /**
   * Asks the peer to confirm what was sent, unless it was asked and has not answered.
   *
   * @param aging what is there has waited long: a few stanzas that need not be confirmed are worth a ping too. Default false
   */
  ask(aging = false): void {
    const sent = this.#sent
    const { stream, gateway } = this.#link
    if (sent.asked || sent.size === 0 || !stream.open) return
    if (this.managed) stream.send(`<r xmlns='${NS_SM}'/>`)
    else if (aging || this.owed > 0 || this.#many) this.#ping()
    else return
    sent.asked = true
    this.#askedMs = gateway.wheel.now
  }

  #askLater(): void {
    if (this.#asksLater) return
    this.#asksLater = true
    const { wheel } = this.#link.gateway
    const due = (): number => {
      this.#asksLater = false
      this.ask(true)
      return 0
    }
    wheel.add({ due }, wheel.now + (this.managed || this.owed > 0 ? LAZY_MS : LAZY_PING_MS))
  }

  /** Whoever answers has taken what came before on the same stream. */
  #ping(): void {
    const { lanes, gateway, stream } = this.#link
    const [lane] = lanes.values()
    if (!lane) return
    this.#pinged = this.#sent.sent
    this.#pingId = gateway.pings.add(lane.from, lane.destination.domain, isResult => {
      lane.destination.answers = true
      if (isResult) this.#knowsPings = true
      // COMPAT(ejabberd 23.01): it stops what keeps messages, then what answers pings, and reads on: who no longer knows pings is going.
      else if (this.#knowsPings) return
      this.confirm(this.#pinged)
    })
    stream.send(
      `<iq type='get' from='${lane.from}' to='${lane.destination.domain}' id='${this.#pingId}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    )
  }

  /** The peer has handled what was sent up to `h`. @throws {StreamError} more than was sent */
  confirm(h: number): void {
    const sent = this.#sent
    const before = sent.size
    const confirmed: Entry[] = []
    sent.asked = false
    sent.confirm(h, entry => confirmed.push(entry))
    for (const entry of confirmed) {
      if (entry.owed) this.owed--
      if (entry.stored) {
        entry.outliving = this
        this.#outliving++
        this.#outlivingCharacters += entry.text.length
      }
    }
    this.#link.confirmed(confirmed)
    if (sent.size === 0) return
    if (sent.size < before) this.#link.queue()
    else this.#askLater()
  }

  /** A confirmed stanza has no row any more. */
  forgotten({ text }: Entry): void {
    const wasFull = this.full
    this.#outliving--
    this.#outlivingCharacters -= text.length
    if (wasFull) this.#link.pump()
  }

  /** The peer closes in order: it still takes what it was sent before our closing tag (RFC 6120 §4.4). */
  left(): void {
    // Under stream management the count knows better (XEP-0198 §4).
    const { size } = this.#sent
    if (this.managed || size === 0) return
    const { gateway, streamId } = this.#link
    gateway.logger.debug({ stream: streamId, stanzas: size }, 'Another server has them, as it closes in order')
    this.confirm(this.#sent.sent)
  }

  /**
   * The peer was asked and did not answer in time. True: it has never answered a ping (RFC 6120 §8.2.3), also not on the stream before this
   * one, and has just shown that it is alive by negotiating another. To send the same once more would double it again, so it is believed.
   */
  believed(): boolean {
    const { lanes, gateway, stream } = this.#link
    const [lane] = lanes.values()
    if (this.managed || !lane || stream.unwritten > 0 || lane.destination.answers) return false
    const { domain } = lane.destination
    if (++lane.destination.unanswered === 1) return false
    gateway.logger.info(
      { stream: stream.id, domain },
      'Another server answers no pings and is believed to have what it took',
    )
    if (this.#pingId !== undefined) gateway.pings.remove(this.#pingId)
    this.confirm(this.#pinged)
    return true
  }

  /** From now on the peer counts what is sent. False: it would not know where to begin. */
  startManaged(): boolean {
    if (this.#sent.size > 0) return false
    this.goOn(0)
    return true
  }

  /** The peer counts from `h` on: there another stream was lost. */
  goOn(h: number): void {
    this.managed = true
    this.#sent = new SentQueue(h)
    this.#spooled = this.#begun = h
  }

  /** The stream is over: what nobody has confirmed, in order. */
  end(): Entry[] {
    if (this.#pingId !== undefined) this.#link.gateway.pings.remove(this.#pingId)
    const entries: Entry[] = []
    for (const { tag } of this.#sent.unconfirmed()) if (tag) entries.push(tag)
    return entries
  }
}
