/** A turn: everything that one incoming stanza causes, from its arrival to the commit of what it changed on disk. */

import type { Barrier, PendingStanza } from '@tercet/stream'
import type { Unit } from '@tercet/storage'
import { committing } from './acknowledging.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'

/** Where the stanza of a turn came from: a session here, or a stream of another server. */
export interface Origin {
  /** For log lines. */
  readonly streamId: string
  /** The sender is told, or finds out, what is safe: what it sent is kept until somebody has confirmed it. */
  readonly promised: boolean
  /** It has left without a word and hears nothing any more. */
  readonly gone: boolean
  /** The session, if it is one of ours. */
  readonly session: Session | undefined
}

/**
 * Owns the unit of work of one stanza. It is decided when all work of the stanza is done and its unit, if there is one, is on disk or
 * has failed. As a barrier it stands for that unit: results and pushes that promise a change wait for it.
 */
export class Turn implements Barrier {
  /** Whose stanza this is; undefined for work of the server's own. */
  readonly origin: Origin | undefined
  readonly #server: Server
  #unit: Unit | undefined
  #held = 1
  #state: 'open' | 'pending' | 'durable' | 'failed' = 'open'
  #waiting: (() => void)[] | undefined
  #lingering = 0
  #waitingForEnd: (() => void)[] | undefined
  #decision: Decision | undefined
  /** The stanza in its session's count, when that cannot be moved at once. */
  pending: PendingStanza | undefined
  /** Why the commit failed. */
  error: unknown

  /** A turn begins held by its maker, who calls {@link release} when its own work is done. */
  constructor(server: Server, origin: Origin | undefined) {
    this.#server = server
    this.origin = origin
  }

  /** The unit that this turn's writes go to. */
  get unit(): Unit {
    return (this.#unit ??= this.#server.storage.unit())
  }

  /** `pending` while there are writes that are not on disk; a turn without writes is durable from the start. */
  get state(): 'pending' | 'durable' | 'failed' {
    if (this.#state === 'open') return this.#unit?.dirty ? 'pending' : 'durable'
    return this.#state
  }

  /**
   * For what must not be seen before the turn is decided, and leaves then, whichever way: a message that its sender would send again
   * after a crash if the commit was lost.
   */
  get decision(): Barrier {
    return (this.#decision ??= new Decision(this))
  }

  /** True when nothing is left to be done or to be waited for. */
  get decided(): boolean {
    return this.#state === 'durable' || this.#state === 'failed'
  }

  /** Calls back when the turn is decided; at once if it is. */
  whenDecided(run: () => void): void {
    if (this.decided) run()
    else if (this.#waiting) this.#waiting.push(run)
    else this.#waiting = [run]
  }

  /** Whoever sent its stanza relies on it; see {@link Origin.promised}. */
  get promised(): boolean {
    return this.origin?.promised ?? false
  }

  /** The turn failed, but a stanza of it is in the hands of a session that may confirm it; called by who waits for the decision. */
  linger(): void {
    this.#lingering++
  }

  /** Such a stanza was confirmed, stored after all, or refused. */
  lingered(): void {
    if (--this.#lingering === 0) this.#end()
  }

  /** Decided, and nothing of it lingers: its stanza is settled, durable or refused. */
  get over(): boolean {
    return this.decided && this.#lingering === 0
  }

  /** Calls back when the turn is {@link over}; at once if it is. */
  whenOver(run: () => void): void {
    if (this.over) run()
    else (this.#waitingForEnd ??= []).push(run)
  }

  /** True when its maker's release is all that is missing, and nothing has to be written. */
  get light(): boolean {
    return this.#held === 1 && !this.#unit?.dirty
  }

  /** Work of this turn goes on later: it is not over before {@link release}. */
  hold(): void {
    this.#held++
  }

  release(): void {
    if (--this.#held > 0) return
    if (!this.#unit?.dirty) {
      this.#decide('durable')
      return
    }
    if (this.origin?.session) committing(this.origin.session, this)
    this.#state = 'pending'
    this.#unit.commit().then(
      () => this.#decide('durable'),
      (error: unknown) => {
        this.error = error
        this.#decide('failed')
      },
    )
  }

  #decide(state: 'durable' | 'failed'): void {
    this.#state = state
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) for (const run of waiting) run()
    if (this.#lingering === 0) this.#end()
  }

  #end(): void {
    const waiting = this.#waitingForEnd
    this.#waitingForEnd = undefined
    // One that fails does not keep the others from hearing of it.
    if (waiting)
      for (const run of waiting) {
        try {
          run()
        } catch (error) {
          this.#server.logger.error({ err: error, stream: this.origin?.streamId }, 'What waited for a commit failed')
        }
      }
    this.#server.turnOver()
  }
}

class Decision implements Barrier {
  readonly #turn: Turn

  constructor(turn: Turn) {
    this.#turn = turn
  }

  get state(): 'pending' | 'durable' {
    return this.#turn.decided ? 'durable' : 'pending'
  }

  whenDecided(run: () => void): void {
    this.#turn.whenDecided(run)
  }
}
