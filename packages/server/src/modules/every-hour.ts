/** Work that comes round, such as letting go of what is too old. */

import type { Host } from '../host.ts'

/** So long before the first time, and between two. */
export const HOUR_MS = 3_600_000

/** Runs something every hour, until the host is closed. What it throws is logged. */
export function everyHour(host: Host, run: () => Promise<void>): void {
  const { wheel } = host.server
  const timed = { due: (nowMs: number) => (void run().catch(host.bug), nowMs + HOUR_MS) }
  wheel.add(timed, wheel.now + HOUR_MS)
  host.scope.add(() => wheel.remove(timed))
}
