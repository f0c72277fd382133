/** How far the stanzas of sessions under stream management are handled for certain: what is told after a crash (XEP-0198 1.6.3 §5). */

import type { Host } from './host.ts'

/** What is on disk of a session. */
export interface HandledRow {
  readonly h: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Name of the table of {@link HandledRow}, by account and SM-ID. */
export const HANDLED_TABLE = 'handled'

/** No client asks for a session that is older. */
const KEEP_MS = 7 * 86_400_000

/** Forgets sessions that nobody will ask for any more; runs once, after the start. */
export async function forgetHandled(host: Host): Promise<void> {
  const { signal } = host.scope
  const table = host.table<HandledRow>(HANDLED_TABLE)
  for await (const owner of table.owners(host.domain)) {
    if (signal.aborted) return
    await host.server.work(async turn => {
      for (const { key, value } of await table.list(host.domain, owner)) {
        if (Date.now() - value.at > KEEP_MS) table.delete(turn.unit, host.domain, owner, key)
      }
    })
  }
}
