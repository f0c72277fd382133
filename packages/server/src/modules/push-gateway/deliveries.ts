/** Notifications on their way: one at a time to each app, the newest where there are several, again with growing pauses (RFC 8030 §8.4). */

import type { Host } from '../../host.ts'
import type { PushOutcome } from '../../web-push.ts'
import type { Registration } from './registrations.ts'

/** What became of a notification so far; `waiting`: it goes out when it can. */
export type Progress = PushOutcome | { readonly kind: 'waiting' | 'full' }

/** What deliveries need. */
export interface Delivering {
  send(registration: Registration, payload: Uint8Array, signal: AbortSignal): Promise<PushOutcome>
  /** Something was sent, or will never be. */
  over(registration: Registration, outcome: PushOutcome): void
  readonly giveUpMs: number
}

/** Apps that something is on its way to; more are told to wait. */
const MAX = 10_000
const FIRST_PAUSE_MS = 2000
const LONGEST_PAUSE_MS = 900_000

interface Delivery {
  registration: Registration
  payload: Uint8Array
  failures: number
  readonly sinceMs: number
  due(): number
}

/** Deliveries of one host, in memory: a wake-up that a restart takes is made up for by the next one. */
export class Deliveries implements Disposable {
  readonly #host: Host
  readonly #delivering: Delivering
  readonly #end = new AbortController()
  /** By node. */
  readonly #all = new Map<string, Delivery>()

  constructor(host: Host, delivering: Delivering) {
    this.#host = host
    this.#delivering = delivering
  }

  /** Sends, or lets it take the place of what waits; resolves with what the first attempt gave. */
  push(registration: Registration, payload: Uint8Array): Promise<Progress> {
    const { node } = registration
    const before = this.#all.get(node)
    if (before) {
      before.registration = registration
      before.payload = payload
      return Promise.resolve({ kind: 'waiting' })
    }
    if (this.#all.size >= MAX) return Promise.resolve({ kind: 'full' })
    const delivery: Delivery = {
      registration,
      payload,
      failures: 0,
      sinceMs: this.#host.server.wheel.now,
      due: () => (void this.#attempt(delivery).catch(this.#host.bug), 0),
    }
    this.#all.set(node, delivery)
    return this.#attempt(delivery)
  }

  /** Drops what is on its way to a node. */
  forget(node: string): void {
    const delivery = this.#all.get(node)
    if (!delivery) return
    this.#all.delete(node)
    this.#host.server.wheel.remove(delivery)
  }

  [Symbol.dispose](): void {
    this.#end.abort()
    for (const node of [...this.#all.keys()]) this.forget(node)
  }

  async #attempt(delivery: Delivery): Promise<PushOutcome> {
    const { registration, payload } = delivery
    let outcome: PushOutcome
    try {
      outcome = await this.#delivering.send(registration, payload, this.#end.signal)
    } catch (error) {
      this.#host.bug(error)
      outcome = { kind: 'refused', reason: 'It cannot be sent' }
    }
    // Somebody has dropped it meanwhile.
    if (this.#all.get(registration.node) !== delivery) return outcome
    if (outcome.kind === 'later' && this.#again(delivery, outcome.afterMs)) return outcome
    this.#all.delete(registration.node)
    this.#delivering.over(registration, outcome)
    if (outcome.kind === 'sent' && delivery.payload !== payload) void this.push(delivery.registration, delivery.payload)
    return outcome
  }

  /** False: it has been tried long enough. */
  #again(delivery: Delivery, afterMs: number | undefined): boolean {
    const { wheel } = this.#host.server
    if (wheel.now - delivery.sinceMs >= this.#delivering.giveUpMs) return false
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** delivery.failures++, LONGEST_PAUSE_MS)
    // Not all at once after an hour in which a push service was away.
    const spread = pauseMs * (0.5 + Math.random() / 2)
    wheel.add(delivery, wheel.now + Math.max(spread, Math.min(afterMs ?? 0, this.#delivering.giveUpMs)))
    return true
  }
}
