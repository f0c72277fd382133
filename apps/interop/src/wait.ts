/** Bounded waiting: a condition is polled until it holds, or the failure says what was missing. */

import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** Upper bound; default 15 000. */
  readonly timeoutMs?: number
  /** Between two polls; default 40. */
  readonly everyMs?: number
  /** Shown in the failure: the screen or output that was looked at. */
  readonly evidence?: () => string | Promise<string>
}

/**
 * Polls `probe` until it returns something else than `undefined` or `false`, and returns that.
 *
 * @throws {Error} when the bound is met; the text names `what` and carries the evidence
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 15_000, everyMs = 40, evidence }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) {
      const seen = evidence ? `\n--- what was there instead ---\n${await evidence()}` : ''
      throw new Error(`Waited ${timeoutMs} ms in vain: ${what}${seen}`)
    }
    await delay(everyMs)
  }
}
