/** What has arrived on a stream of another server, and how much of it is handled: settled, durable or refused (XEP-0198 1.6.3 §4). */

import { NS_SM, ReceivedCounter, type PendingStanza } from '@tercet/stream'
import type { Link } from './link.ts'
import { isBefore } from './modular.ts'
import type { Receipt } from './ports.ts'

interface Waiting {
  readonly counter: ReceivedCounter
  readonly seq: number
  readonly run: () => void
}

/** The count of one stream. */
export class Arrived {
  readonly #link: Link
  #counter = new ReceivedCounter()
  /** What had arrived when the peer last asked how far we are. */
  #askedFor = 0
  #acknowledges = false
  /** Stanzas that are not handled yet. */
  open = 0
  /** What waits for stanzas up to a number to be handled, in order. */
  #waiting: Waiting[] = []

  constructor(link: Link) {
    this.#link = link
  }

  get allHandled(): boolean {
    return this.#counter.handled === this.#counter.received
  }

  /** The peer counts on what we acknowledge. */
  get acknowledges(): boolean {
    return this.#acknowledges
  }

  /** Counts from here. */
  start(): void {
    this.#acknowledges = true
    this.#counter = new ReceivedCounter()
    this.#askedFor = 0
  }

  /** Stanzas that have arrived. */
  get received(): number {
    return this.#counter.received
  }

  /** Goes on counting where another stream was lost. */
  goOn(received: number): void {
    this.start()
    this.#counter = new ReceivedCounter(received)
    this.#askedFor = received
  }

  /** A promise: all that has arrived is handled when it resolves. */
  settled(): void | Promise<void> {
    if (!this.allHandled) return new Promise(resolve => this.whenHandled(resolve))
  }

  /** One more stanza has arrived; it is handled when `receipt` says so. */
  count(receipt: Receipt | undefined): void | Promise<void> {
    const counter = this.#counter
    counter.count()
    if (!receipt || receipt.over) return
    const pending = counter.wait()
    this.open++
    receipt.whenOver(() => this.#handled(counter, pending))
    const { unhandled } = this.#link.gateway.limits
    // A disk that is slower than the peer: read on when half of it is done.
    if (this.open < unhandled) return
    return new Promise(resolve => this.#waitFor((counter.received - Math.floor(unhandled / 2)) >>> 0, resolve))
  }

  /** Calls back when all that has arrived so far is handled. */
  whenHandled(run: () => void): void {
    this.#waitFor(this.#counter.received, run)
  }

  #waitFor(seq: number, run: () => void): void {
    this.#waiting.push({ counter: this.#counter, seq, run })
  }

  #handled(of: ReceivedCounter, pending: PendingStanza): void {
    pending.done = true
    this.open--
    if (of === this.#counter && of.owed) this.#link.queue()
    if (this.#waiting.length === 0) return
    let done = 0
    for (const { counter, seq } of this.#waiting) {
      if (counter === this.#counter && isBefore(counter.handled, seq)) break
      done++
    }
    for (const { run } of this.#waiting.splice(0, done)) run()
  }

  /** The peer asks how far we are. */
  requested(): void {
    this.#counter.owed = false
    this.#askedFor = this.#counter.received
    this.acknowledge()
  }

  /** Tells the peer, if it waits for more than it was told. */
  acknowledgeIfOwed(): void {
    if (this.#counter.owed) this.acknowledge()
  }

  /** Tells the peer what is handled, and again later if not all is that it asked for. */
  acknowledge(): void {
    if (!this.#acknowledges) return
    const counter = this.#counter
    const h = counter.handled
    if (counter.owed && h === counter.told) return
    counter.owed = isBefore(h, this.#askedFor)
    counter.told = h
    this.#link.stream.hurry()
    this.#link.stream.send(`<a xmlns='${NS_SM}' h='${h}'/>`)
  }
}
