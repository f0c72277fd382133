/**
 * Memory goes back to the machine after a storm. V8 collects while there is work, not while there is calm, so a heap stays as large as the
 * worst minute made it, for as long as nobody needs it.
 */

import { performance as hooks } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Logger } from '@tercet/plugin'
import type { Timed } from '@tercet/stream'

/** How often it looks, at least. */
const LOOK_MS = 2000
/** The share of that time in which the loop of a calm process has work: who gets a hundred answers a second would notice the pause. */
const CALM = 0.01
/** What is gained by less growth than this is not worth a pause. */
const GROWTH = 1.04
const GROWTH_BYTES = 4 * 1_048_576
/** What more streams keep is left to V8, which collects it in steps: in one go that would be a pause that users notice. */
const MAX_STREAMS = 10_000
/** A collection took one of so many milliseconds at the most. */
const SPACING = 200
/** After another storm, which more growth than this tells, it may come sooner. */
const STORM = 1.1
const STORM_SPACING = 50

/** What is known of a process, and done to it. */
export interface Process {
  /** Share of the time since the last call in which the loop had work, from 0 to 1. */
  utilization(): number
  /** Bytes. */
  rss(): number
  /** Connections that it serves. */
  streams(): number
  /** A full collection, at once. */
  collect(): void
}

/** Collects when a process that grew is calm: once, and again only when it has grown since. Add it to a timer wheel. */
export class Calm implements Timed {
  readonly #process: Process
  readonly #logger: Logger
  /** The least since the last collection: what is in use, and what cannot be given back. Pages go back some seconds after it. */
  #least = 0
  #collectedMs = -Infinity
  #tookMs = 0

  constructor(process: Process, logger: Logger) {
    this.#process = process
    this.#logger = logger
  }

  due(nowMs: number): number {
    const calm = this.#process.utilization() < CALM
    const rss = this.#process.rss()
    if (rss < this.#least) this.#least = rss
    const grew = rss > this.#least * GROWTH + GROWTH_BYTES
    const spacing = rss > this.#least * STORM ? STORM_SPACING : SPACING
    const spaced = nowMs >= this.#collectedMs + this.#tookMs * spacing
    if (calm && grew && spaced && this.#process.streams() <= MAX_STREAMS) this.#collect(nowMs)
    return nowMs + LOOK_MS
  }

  #collect(nowMs: number): void {
    const began = performance.now()
    this.#process.collect()
    this.#tookMs = performance.now() - began
    this.#collectedMs = nowMs
    this.#least = this.#process.rss()
    this.#logger.debug({ ms: Math.round(this.#tookMs) }, 'Collected, since all is calm')
  }
}

/** This process. */
export function thisProcess(streams: () => number): Process {
  let last = hooks.eventLoopUtilization()
  return {
    utilization() {
      const now = hooks.eventLoopUtilization()
      const { utilization } = hooks.eventLoopUtilization(now, last)
      last = now
      return utilization
    },
    rss: () => process.memoryUsage.rss(),
    streams,
    collect: collector(),
  }
}

/** The function that Node gives to the programs that are started with `--expose-gc`, without asking whoever starts this one for it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  // V8 puts it into each context that is made while the flag is set.
  const collect = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return collect
}
