/** An account of this server while something happens to it: its sessions, its queue, and what it is owed. */

import type { BareJid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import type { Host } from './host.ts'
import type { Owed } from './owed.ts'
import type { Session } from './session.ts'

/** One account's tasks run for so long before others have their turn. */
const SLICE_MS = 3

/** Work in an account's queue. It waits by returning a promise, and must not throw. */
export type Task = () => void | Promise<void>

/**
 * One account. Exists in memory while it has sessions, waiting work, or stanzas in flight.
 *
 * Its queue is where its targets are chosen, its stanzas are appended, and its state changes, one task after the other: two senders, a
 * login and a slow read from storage cannot cross.
 */
export class Account {
  readonly host: Host
  readonly jid: BareJid
  /** Bound sessions, also those that wait to be resumed, in order of binding. */
  sessions: readonly Session[] = []
  /** Stanzas that were taken for this account and are not settled, by id in the order of their arrival; those on disk alone are not here. */
  owed: Map<string, Owed> | undefined
  #busy = false
  #tasks: Task[] | undefined
  /** When its turn in the loop began; 0: with the next task. */
  #sliceMs = 0

  constructor(host: Host, jid: BareJid) {
    this.host = host
    this.jid = jid
  }

  /**
   * Runs `task` when all that was there before is done; at once if nothing was.
   *
   * @throws {StanzaError} `resource-constraint`: too much is waiting already
   */
  run(task: Task): void {
    if (this.#busy && this.#tasks && this.#tasks.length >= this.host.limits.accountQueue) {
      throw new StanzaError('resource-constraint', { text: 'The recipient is overloaded; try again later' })
    }
    this.enter(task)
  }

  /** Like {@link run}, for what the server itself has to do, like the end of a session: however much is waiting, it is never refused. */
  enter(task: Task): void {
    if (this.#busy) {
      ;(this.#tasks ??= []).push(task)
      return
    }
    this.#busy = true
    const pending = task()
    if (pending) return this.#afterwards(pending)
    // It has given the queue more to do, and nothing else would look.
    if (this.#tasks) return this.#next()
    this.#busy = false
    if (this.sessions.length === 0) this.host.retire(this)
  }

  /** Like {@link run}, for callers that wait for the result; it rejects where that throws. Never call it from inside the same queue. */
  turn<T>(task: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.run(() => settled(task, resolve, reject)))
  }

  /** Like {@link enter}, for callers that wait for the result. Never call it from inside the same queue. */
  entered<T>(task: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.enter(() => settled(task, resolve, reject)))
  }

  /** Nothing keeps it in memory. */
  get idle(): boolean {
    return this.sessions.length === 0 && !this.#busy && (this.owed === undefined || this.owed.size === 0)
  }

  #afterwards(pending: Promise<void>): void {
    void pending.catch(this.host.bug).then(() => this.#next())
  }

  #next(): void {
    if (this.#tasks === undefined) return this.#rest()
    // Tasks that wait for nothing but each other would keep everybody else from the loop, and all that they send from being written.
    const now = performance.now()
    if (this.#sliceMs === 0) this.#sliceMs = now
    else if (now - this.#sliceMs > SLICE_MS) {
      this.#sliceMs = 0
      setImmediate(() => this.#next())
      return
    }
    for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) {
      const pending = task()
      if (pending) {
        this.#afterwards(pending)
        return
      }
    }
    this.#rest()
  }

  #rest(): void {
    this.#tasks = undefined
    this.#sliceMs = 0
    this.#busy = false
    this.host.retire(this)
  }
}

/** Runs a task whose result somebody else waits for. */
function settled<T>(
  task: () => T | Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Promise<void> {
  return new Promise<T>(done => done(task())).then(resolve, reject)
}
