/** Remembers what was sent until the peer has confirmed it (XEP-0198 1.6.3 §4). */

import { StreamError } from '@tercet/stanza'
import { Element } from '@tercet/xml'

/** The sending half of stream management. `T` is what the owner wants back when a stanza is confirmed. All numbers are modulo 2^32. */
export class SentQueue<T> {
  /** The last `h` that the peer told. */
  acked: number
  /** Characters of all unconfirmed stanzas. */
  characters = 0
  /** True while an `<r/>` is unanswered. */
  asked = false
  #texts: string[] = []
  #tags: (T | undefined)[] = []
  #head = 0

  /** @param acked the last `h` that the peer told another server, default 0 */
  constructor(acked = 0) {
    this.acked = acked
  }

  /** Unconfirmed stanzas. */
  get size(): number {
    return this.#texts.length - this.#head
  }

  /** Stanzas sent since stream management was enabled. */
  get sent(): number {
    return (this.acked + this.size) >>> 0
  }

  push(text: string, tag: T | undefined): void {
    this.#texts.push(text)
    this.#tags.push(tag)
    this.characters += text.length
  }

  /**
   * The peer has handled stanzas up to `h`: forgets them and gives the tag of each to `confirmed`.
   *
   * @throws {StreamError} `undefined-condition` with `<handled-count-too-high/>`: more than was sent (§6)
   */
  confirm(h: number, confirmed: (tag: T) => void): void {
    const count = (h - this.acked) >>> 0
    if (count > this.size) throw handledCountTooHigh(h, this.sent)
    for (let left = count; left > 0; left--) {
      const tag = this.#tags[this.#head]
      this.characters -= this.#texts[this.#head]!.length
      this.#texts[this.#head] = ''
      this.#tags[this.#head] = undefined
      this.#head++
      if (tag !== undefined) confirmed(tag)
    }
    this.acked = h
    if (this.#head === this.#texts.length) {
      if (this.#head > 64) {
        this.#texts = []
        this.#tags = []
      } else {
        this.#texts.length = 0
        this.#tags.length = 0
      }
      this.#head = 0
    } else if (this.#head > 256 && this.#head * 2 > this.#texts.length) {
      this.#texts.splice(0, this.#head)
      this.#tags.splice(0, this.#head)
      this.#head = 0
    }
  }

  /** Unconfirmed stanzas in the order in which they were sent. */
  *unconfirmed(): Iterable<{ text: string; tag: T | undefined }> {
    for (let index = this.#head; index < this.#texts.length; index++) {
      yield { text: this.#texts[index]!, tag: this.#tags[index] }
    }
  }
}

function handledCountTooHigh(h: number, sent: number): StreamError {
  return new StreamError('undefined-condition', {
    text: `You acknowledged ${h} stanzas, but ${sent} were sent`,
    application: new Element('handled-count-too-high', 'urn:xmpp:sm:3', ['h', String(h), 'send-count', String(sent)]),
  })
}
