/**
 * Notifications on their way: one at a time to each app, the newest where there are several, again with growing pauses (RFC 8030 §8.4). Each is
 * on disk until its push service has it, so that a restart loses none that was promised.
 */

import type { BareJid } from '@tercet/jid'
import type { Table } from '@tercet/storage'
import type { Host } from '../../host.ts'
import type { Turn } from '../../turn.ts'
import type { PushOutcome } from '../../web-push.ts'
import type { Registration } from './registrations.ts'

/** What became of a notification so far; `waiting`: it goes out when it can. */
export type Progress = PushOutcome | { readonly kind: 'waiting' | 'full' }

/** What deliveries need. */
export interface Delivering {
  /** The registration of a node as it is now; undefined: it is over. */
  find(node: string): Promise<Registration | undefined>
  send(registration: Registration, payload: Uint8Array, signal: AbortSignal): Promise<PushOutcome>
  /** Something was sent, or will never be. */
  over(registration: Registration, outcome: PushOutcome): void
  readonly giveUpMs: number
}

/** Apps that something is on its way to; more are told to wait. */
const MAX = 10_000
const FIRST_PAUSE_MS = 2000
const LONGEST_PAUSE_MS = 900_000
/** What a restart has left goes out within this. */
const RESTART_MS = 5000

interface Delivery {
  readonly owner: string
  readonly node: string
  payload: Uint8Array
  failures: number
  sinceMs: number
  /** That somebody is to be woken is on disk; rejects if that cannot be. */
  stored: Promise<void>
  due(): number
}

/** By owner and node of the registration. */
interface DeliveryRow {
  readonly payload: string
  /** When it was first tried, in milliseconds since 1970. */
  readonly since: number
}

/** Deliveries of one host. */
export class Deliveries implements Disposable {
  readonly #host: Host
  readonly #delivering: Delivering
  readonly #rows: Table<DeliveryRow>
  readonly #end = new AbortController()
  /** By node. */
  readonly #all = new Map<string, Delivery>()

  constructor(host: Host, delivering: Delivering) {
    this.#host = host
    this.#delivering = delivering
    this.#rows = host.table('push deliveries')
  }

  /** Goes on with what was on its way when the server ended. */
  async restore(): Promise<void> {
    const { domain, server } = this.#host
    try {
      for await (const owner of this.#rows.owners(domain))
        for (const { key: node, value } of await this.#rows.list(domain, owner)) {
          if (this.#end.signal.aborted) return
          // Something newer has come meanwhile.
          if (this.#all.has(node)) continue
          const delivery = this.#add({ owner, node }, Buffer.from(value.payload), Date.now() - value.since)
          server.wheel.add(delivery, server.wheel.now + Math.random() * RESTART_MS)
        }
    } catch (error) {
      // A storage that is closed tells nothing; all of it is there at the next start.
      if (!this.#end.signal.aborted) this.#host.bug(error)
    }
  }

  /**
   * Sends, or lets it take the place of what waits. Resolves when it is on disk; `first` is what the first attempt gives.
   *
   * @throws {StorageError} it could not be stored, and is not sent
   */
  async push(registration: Registration, payload: Uint8Array): Promise<{ readonly first: Promise<Progress> }> {
    const before = this.#all.get(registration.node)
    if (before) {
      before.payload = payload
      this.#keep(before, true).catch(this.#unstored)
      await before.stored
      return { first: Promise.resolve({ kind: 'waiting' }) }
    }
    if (this.#all.size >= MAX) return { first: Promise.resolve({ kind: 'full' }) }
    const delivery = this.#add(registration, payload, 0)
    delivery.stored = this.#keep(delivery, false)
    try {
      await delivery.stored
    } catch (error) {
      if (this.#isUnderWay(delivery)) this.#all.delete(delivery.node)
      throw error
    }
    return { first: this.#attempt(delivery, registration) }
  }

  /** Drops what is on its way to an account. */
  forget(owner: BareJid, turn: Turn): void {
    for (const delivery of this.#all.values()) if (delivery.owner === owner.text) this.#leave(delivery)
    this.#rows.clear(turn.unit, this.#host.domain, owner.text)
  }

  [Symbol.dispose](): void {
    this.#end.abort()
    for (const delivery of this.#all.values()) this.#leave(delivery)
  }

  #add({ owner, node }: Pick<Registration, 'owner' | 'node'>, payload: Uint8Array, ageMs: number): Delivery {
    const delivery: Delivery = {
      owner,
      node,
      payload,
      failures: 0,
      sinceMs: this.#host.server.wheel.now - ageMs,
      stored: Promise.resolve(),
      due: () => (void this.#again(delivery).catch(this.#host.bug), 0),
    }
    this.#all.set(node, delivery)
    return delivery
  }

  #isUnderWay(delivery: Delivery): boolean {
    return this.#all.get(delivery.node) === delivery
  }

  async #again(delivery: Delivery): Promise<void> {
    const registration = await this.#delivering.find(delivery.node)
    if (!this.#isUnderWay(delivery)) return
    if (registration) await this.#attempt(delivery, registration)
    else this.#drop(delivery)
  }

  async #attempt(delivery: Delivery, registration: Registration): Promise<Progress> {
    if (!this.#isUnderWay(delivery)) return { kind: 'waiting' }
    const { payload } = delivery
    let outcome: PushOutcome
    try {
      outcome = await this.#delivering.send(registration, payload, this.#end.signal)
    } catch (error) {
      this.#host.bug(error)
      outcome = { kind: 'refused', reason: 'It cannot be sent' }
    }
    // Somebody has dropped it meanwhile, or the server ends.
    if (!this.#isUnderWay(delivery)) return outcome
    if (outcome.kind === 'later' && this.#wait(delivery, outcome.afterMs)) return outcome
    this.#delivering.over(registration, outcome)
    if (outcome.kind === 'sent' && delivery.payload !== payload) {
      delivery.failures = 0
      delivery.sinceMs = this.#host.server.wheel.now
      void this.#attempt(delivery, registration)
    } else this.#drop(delivery)
    return outcome
  }

  /** False: it has been tried long enough. */
  #wait(delivery: Delivery, afterMs: number | undefined): boolean {
    const { wheel } = this.#host.server
    if (wheel.now - delivery.sinceMs >= this.#delivering.giveUpMs) return false
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** delivery.failures++, LONGEST_PAUSE_MS)
    // Not all at once after an hour in which a push service was away.
    const spread = pauseMs * (0.5 + Math.random() / 2)
    wheel.add(delivery, wheel.now + Math.max(spread, Math.min(afterMs ?? 0, this.#delivering.giveUpMs)))
    return true
  }

  #keep({ owner, node, payload, sinceMs }: Delivery, lazy: boolean): Promise<void> {
    const { domain, server } = this.#host
    const unit = server.storage.unit()
    const row = { payload: Buffer.from(payload).toString(), since: Date.now() - (server.wheel.now - sinceMs) }
    this.#rows.put(unit, domain, owner, node, row, { lazy })
    return unit.commit()
  }

  /** It needs no attempt any more. */
  #drop(delivery: Delivery): void {
    this.#leave(delivery)
    const unit = this.#host.server.storage.unit()
    this.#rows.delete(unit, this.#host.domain, delivery.owner, delivery.node)
    unit.commit().catch(this.#unstored)
  }

  #leave(delivery: Delivery): void {
    this.#all.delete(delivery.node)
    this.#host.server.wheel.remove(delivery)
  }

  /** A row that stays behind wakes an app once more than needed, after a restart; an older payload wakes it as well. */
  readonly #unstored = (error: unknown): void => {
    this.#host.logger.info({ err: error }, 'What became of a notification could not be stored')
  }
}
