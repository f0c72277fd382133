/** Lets go of messages that are too old or too many, in the background and a little at a time. */

import type { Log } from '@tercet/storage'
import type { Host } from '../../host.ts'

/** How long messages stay, how many of each account, and how much of each account and of all. */
export interface RetentionOptions {
  readonly days: number | undefined
  readonly messages: number | undefined
  /** UTF-8 octets of the messages of an account. */
  readonly bytes: number | undefined
  /** Of all accounts; to the hour, and the running hour stays. */
  readonly hostBytes: number | undefined
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Between two rounds over all accounts. */
const ROUND_MS = HOUR_MS
/** Between two steps of a round; others use the disk meanwhile. */
const STEP_MS = 1000
/** Messages that go in a step, and messages that are looked at in one. */
const STEP = 500
const WEIGHED = 5000

/** Starts rounds of retention; they end with the host. */
export function keepWithin(host: Host, log: Log, options: RetentionOptions): void {
  if (Object.values(options).every(option => option === undefined)) return
  const { wheel } = host.server
  const round = new Round(host, log, options)
  const timed = {
    wheelSlot: undefined as number | undefined,
    due(): number {
      const again = (afterMs: number): void => {
        if (!host.scope.signal.aborted) wheel.add(timed, wheel.now + afterMs)
      }
      round.step().then(
        () => again(round.over ? ROUND_MS : STEP_MS),
        (error: unknown) => {
          host.bug(error)
          // A full disk stays full for a while.
          again(ROUND_MS)
        },
      )
      return 0
    },
  }
  wheel.add(timed, wheel.now + STEP_MS)
  host.scope.add(() => wheel.remove(timed))
}

/** One look at all accounts after the other: what they have, if the host has a bound, then what is too much. */
export class Round {
  readonly #host: Host
  readonly #log: Log
  readonly #options: RetentionOptions
  #weighing: boolean
  #from: string | undefined
  /** Octets by the hour. */
  readonly #hours = new Map<number, number>()
  /** What is older takes room that the host has not got. */
  #cutMs = 0
  /** All accounts were seen; the next step begins anew. */
  over = true

  constructor(host: Host, log: Log, options: RetentionOptions) {
    this.#host = host
    this.#log = log
    this.#options = options
    this.#weighing = options.hostBytes !== undefined
  }

  /** A bounded amount of work. */
  step(): Promise<void> {
    this.over = false
    return this.#weighing ? this.#weigh() : this.#trim()
  }

  async #weigh(): Promise<void> {
    const { hours, next } = await this.#log.weigh(this.#host.domain, { max: WEIGHED, ...this.#place() })
    for (const [startMs, bytes] of hours) this.#hours.set(startMs, (this.#hours.get(startMs) ?? 0) + bytes)
    this.#from = next
    if (next !== undefined) return
    this.#weighing = false
    this.#cutMs = cutOf(this.#hours, this.#options.hostBytes ?? Infinity, Date.now())
    this.#hours.clear()
  }

  async #trim(): Promise<void> {
    const { days, messages, bytes, hostBytes } = this.#options
    const olderThanMs = Math.max(this.#cutMs, days === undefined ? 0 : Date.now() - days * DAY_MS)
    const { removed, next } = await this.#log.trim(this.#host.domain, {
      ...(olderThanMs === 0 ? {} : { olderThanMs }),
      ...(messages === undefined ? {} : { keep: messages }),
      ...(bytes === undefined ? {} : { keepBytes: bytes }),
      max: STEP,
      ...this.#place(),
    })
    if (removed > 0) this.#host.logger.debug({ removed }, 'Old messages were removed')
    this.#from = next
    if (next !== undefined) return
    this.over = true
    this.#weighing = hostBytes !== undefined
  }

  #place(): { from?: string } {
    return this.#from === undefined ? {} : { from: this.#from }
  }
}

/** From when on messages may stay, so that they weigh no more than `most`; 0: all. */
function cutOf(hours: ReadonlyMap<number, number>, most: number, nowMs: number): number {
  let sum = 0
  for (const [startMs, bytes] of [...hours].sort(([a], [b]) => b - a)) {
    sum += bytes
    if (sum > most) return Math.min(startMs + HOUR_MS, nowMs - (nowMs % HOUR_MS))
  }
  return 0
}
