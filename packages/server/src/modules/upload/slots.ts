/** Slots that were given and not used yet (XEP-0363 1.2.0 §7). They live for minutes, also over a restart. */

import { BareJid } from '@tercet/jid'
import { StorageError, type Table } from '@tercet/storage'
import type { Host } from '../../host.ts'
import { newToken } from '../../token.ts'
import type { Turn } from '../../turn.ts'

/** A file that somebody may put. */
export interface Slot {
  readonly account: BareJid
  readonly name: string
  readonly type: string
  /** Whether the type was said with the request: then it has to be the same. */
  readonly isTyped: boolean
  readonly size: number
  readonly at: number
  /** When the file goes. */
  readonly expires: number
}

/** As it is stored, by its token. */
type SlotRow = Omit<Slot, 'account'> & { readonly local: string }

/** 43 characters of 6 bits: more than 256. */
const TOKEN_LENGTH = 43

/** Slots and uploads that one account may have at a time, and all accounts together. */
const MAX_OF_ACCOUNT = 20
const MAX = 10_000

/** The slots of one host, by token. */
export class Slots {
  /** What was given before the server started is known. */
  readonly ready: Promise<void>
  readonly #host: Host
  readonly #lifeMs: number
  readonly #rows: Table<SlotRow>
  readonly #slots = new Map<string, Slot>()
  /** Files on their way: their room is taken as well. */
  readonly #underWay = new Set<Slot>()

  constructor(host: Host, lifeMs: number) {
    this.#host = host
    this.#lifeMs = lifeMs
    this.#rows = host.table('upload slots')
    this.ready = this.#load()
  }

  /** Bytes that were promised and are not stored. */
  get bytes(): number {
    return this.bytesOf(undefined)
  }

  /** Those of one account. */
  bytesOf(local: string | undefined): number {
    let bytes = 0
    for (const slot of this.#all()) if (local === undefined || slot.account.local === local) bytes += slot.size
    return bytes
  }

  /** The token of a new slot; undefined: there are too many. */
  add(slot: Slot, turn: Turn): string | undefined {
    this.expire()
    let own = 0
    for (const { account } of this.#all()) if (account.local === slot.account.local) own++
    if (own >= MAX_OF_ACCOUNT || this.#slots.size >= MAX) return undefined
    const token = newToken(TOKEN_LENGTH)
    this.#slots.set(token, slot)
    const { account, ...row } = slot
    this.#rows.put(turn.unit, this.#host.domain, '', token, { ...row, local: account.local })
    turn.whenDecided(() => {
      if (turn.state === 'failed') this.#slots.delete(token)
    })
    return token
  }

  /** The slot of a token, if its time is not over. */
  get(token: string): Slot | undefined {
    const slot = this.#slots.get(token)
    return slot && slot.at + this.#lifeMs > Date.now() ? slot : undefined
  }

  /** Somebody has begun to use it: nobody else can, unless the server ends before the upload does. */
  begin(token: string, slot: Slot): void {
    this.#slots.delete(token)
    this.#underWay.add(slot)
  }

  /** The upload is over, one way or the other. */
  done(token: string, slot: Slot): void {
    this.#underWay.delete(slot)
    this.#drop(token)
  }

  /** Lets go of what was not used in time. */
  expire(): void {
    const nowMs = Date.now()
    for (const [token, { at }] of this.#slots) {
      if (at + this.#lifeMs > nowMs) break
      this.#slots.delete(token)
      this.#drop(token)
    }
  }

  /** Lets go of an account's. */
  forget(local: string, turn: Turn): void {
    for (const [token, { account }] of this.#slots) {
      if (account.local !== local) continue
      this.#slots.delete(token)
      this.#delete(token, turn)
    }
  }

  /** In a turn of its own; when the server is about to end, what stays has its time. */
  #drop(token: string): void {
    try {
      void this.#host.server.work(turn => this.#delete(token, turn))
    } catch (error) {
      if (!(error instanceof StorageError) || error.condition !== 'closed') throw error
    }
  }

  #delete(token: string, turn: Turn): void {
    this.#rows.delete(turn.unit, this.#host.domain, '', token)
  }

  async #load(): Promise<void> {
    const rows = [...(await this.#rows.list(this.#host.domain, ''))].sort((a, b) => a.value.at - b.value.at)
    for (const { key, value } of rows) {
      const { local, ...slot } = value
      this.#slots.set(key, { ...slot, account: BareJid.of(local, this.#host.domain) })
    }
    this.expire()
  }

  *#all(): Iterable<Slot> {
    yield* this.#slots.values()
    yield* this.#underWay
  }
}
