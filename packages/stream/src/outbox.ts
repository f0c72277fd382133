/** What a session has to say: first in, first out, held back where an entry waits for the disk, remembered until it is confirmed. */

import { StreamError } from '@tercet/stanza'
import type { SentQueue } from './sm/sent.ts'
import type { Stream } from './stream.ts'

/** Something that becomes durable, or never will. */
export interface Barrier {
  readonly state: 'pending' | 'durable' | 'failed'
  /** Calls back once when the state is no longer pending. */
  whenDecided(run: () => void): void
}

interface Held<T> {
  readonly text: string
  readonly tag: T | undefined
  readonly stanza: boolean
  readonly barrier: Barrier | undefined
}

/** Bounds of an {@link Outbox}. */
export interface OutboxLimits {
  /** Stanzas that wait for the disk or, under stream management, for the peer, default 5,000. */
  readonly maxUnconfirmed: number
  /** Their characters, default 16 Mi. */
  readonly maxUnconfirmedCharacters: number
}

/**
 * The outbox of one session. It outlives its stream: without one, stanzas gather in the stream management queue. `T` is what the owner
 * wants to know again when a stanza is confirmed.
 */
export class Outbox<T> {
  stream: Stream | undefined
  /** Present once stream management is enabled. */
  sent: SentQueue<T> | undefined
  #held: Held<T>[] | undefined
  #heldCharacters = 0
  readonly #limits: OutboxLimits

  constructor(stream: Stream | undefined, limits: OutboxLimits) {
    this.stream = stream
    this.#limits = limits
  }

  /**
   * Sends a stanza. With a `barrier` it leaves when that is durable, and never if it fails; nothing overtakes it.
   *
   * @throws {StreamError} `resource-constraint`: the peer has too much unconfirmed; the session cannot go on. The stanza is not taken
   */
  stanza(text: string, tag?: T, barrier?: Barrier): void {
    // Here and not when it leaves: what ends a wait for the disk is nobody who could be refused.
    this.#admit()
    if (this.#held === undefined && (barrier === undefined || barrier.state === 'durable')) this.#release(text, tag)
    else this.#hold({ text, tag, stanza: true, barrier })
  }

  /** Sends a nonza, in order with the stanzas. It is lost without a stream. */
  nonza(text: string): void {
    if (this.#held === undefined) this.stream?.send(text)
    else this.#hold({ text, tag: undefined, stanza: false, barrier: undefined })
  }

  /** Whether entries wait for the disk. */
  get held(): boolean {
    return this.#held !== undefined
  }

  /** What the first of them waits for. */
  get waitsFor(): Barrier | undefined {
    return this.#held?.find(({ barrier }) => barrier?.state === 'pending')?.barrier
  }

  /** Moves to another stream, after a resumption: sends again what the peer has not confirmed (XEP-0198 §5). */
  resume(stream: Stream): void {
    this.stream = stream
    if (!this.sent) return
    for (const { text } of this.sent.unconfirmed()) stream.send(text)
  }

  /** The tags of everything that was not confirmed, in order; for whoever takes it over when the session ends. */
  *unsettled(): Iterable<{ text: string; tag: T | undefined }> {
    if (this.sent) yield* this.sent.unconfirmed()
    for (const { text, tag, stanza } of this.#held ?? []) if (stanza) yield { text, tag }
  }

  #admit(): void {
    const { sent } = this
    const count = (sent?.size ?? 0) + (this.#held?.length ?? 0)
    if (count === 0) return
    const characters = (sent?.characters ?? 0) + this.#heldCharacters
    if (count >= this.#limits.maxUnconfirmed || characters > this.#limits.maxUnconfirmedCharacters)
      throw new StreamError('resource-constraint', { text: 'Too many unacknowledged stanzas' })
  }

  #release(text: string, tag: T | undefined): void {
    this.sent?.push(text, tag)
    this.stream?.send(text)
  }

  #hold(entry: Held<T>): void {
    this.#heldCharacters += entry.text.length
    if (this.#held) this.#held.push(entry)
    else this.#held = [entry]
    entry.barrier?.whenDecided(() => this.#advance())
  }

  #advance(): void {
    const held = this.#held
    if (!held) return
    let index = 0
    for (; index < held.length; index++) {
      const { text, tag, stanza, barrier } = held[index]!
      if (barrier?.state === 'pending') break
      this.#heldCharacters -= text.length
      if (barrier?.state === 'failed') continue
      if (stanza) this.#release(text, tag)
      else this.stream?.send(text)
    }
    if (index === held.length) this.#held = undefined
    else held.splice(0, index)
  }
}
