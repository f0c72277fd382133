/** The unit of work that adapters share: it collects writes and hands itself to a committer. */

import { StorageError } from './error.ts'
import type { Unit } from './unit.ts'
import type { Write } from './write.ts'

/** Where a unit is on its way to the disk. */
export type UnitState = 'open' | 'queued' | 'flying' | 'done'

/**
 * What a unit waits for: a gap since the last flush · `log`: two, since all that is urgent are entries of logs, and of the spool with them ·
 * `live`: two since its commit, since all that is urgent are live spool entries.
 */
export type Haste = 'none' | 'log' | 'live'

/** What a unit needs of its committer. */
export interface UnitQueue {
  opened(unit: WorkUnit, write: Write): void
  enqueue(unit: WorkUnit): void
  abandoned(unit: WorkUnit): void
}

const nothingToDo = Promise.resolve()

/** See {@link Unit}. Only a committer changes `state`. */
export class WorkUnit implements Unit {
  readonly writes: Write[] = []
  /** Some write is compare-and-set, so this unit may be refused alone. */
  guarded = false
  state: UnitState = 'open'
  committedAtMs = 0
  /** Since the commit: writes that are urgent. */
  urgentRows = 0
  /** Since the commit. */
  haste: Haste = 'none'
  /** Position among the open units by their first write, then among the committed ones by their commit. */
  rank = 0
  readonly #queue: UnitQueue
  #promise: Promise<void> | undefined
  #resolve: (() => void) | undefined
  #reject: ((error: StorageError) => void) | undefined

  constructor(queue: UnitQueue) {
    this.#queue = queue
  }

  get dirty(): boolean {
    return this.writes.length > 0
  }

  /** Adds a write, visible to reads from now on. @throws {StorageError} `failed` after `commit()` or `abandon()` */
  add(write: Write): void {
    if (this.state !== 'open' || this.#promise !== undefined) {
      throw new StorageError('failed', 'The unit is committed or abandoned already: begin another one')
    }
    if (write.kind === 'put' && write.expect !== undefined) this.guarded = true
    this.writes.push(write)
    this.#queue.opened(this, write)
  }

  commit(): Promise<void> {
    if (this.#promise !== undefined) return this.#promise
    if (this.state === 'open' && this.writes.length === 0) return nothingToDo
    const promise = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#promise = promise
    if (this.state === 'open') this.#queue.enqueue(this)
    else this.settle(new StorageError('failed', 'The unit was abandoned'))
    return promise
  }

  abandon(): void {
    if (this.state !== 'open' || this.#promise !== undefined) return
    this.state = 'done'
    this.#queue.abandoned(this)
  }

  /** Tells whoever waits for the commit how it ended. */
  settle(error: StorageError | undefined): void {
    this.state = 'done'
    if (error === undefined) {
      this.#resolve?.()
      return
    }
    // A failed commit that nobody waits for must not end the process; whoever waits still hears of it.
    this.#promise?.catch(() => {})
    this.#reject?.(error)
  }
}
