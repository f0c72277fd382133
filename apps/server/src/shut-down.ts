/** The end of a server, bounded in time: peers that do not read must not keep the process. */

import { setTimeout as after } from 'node:timers/promises'
import type { Logger } from '@tercet/plugin'
import type { Server } from '@tercet/server'

const PATIENCE_MS = 15_000

/** Tells all peers, stores what is in flight, and gives up on the rest after a while; what was acknowledged is on disk already. */
export async function stopServer(server: Server, logger: Logger): Promise<void> {
  const given = new AbortController()
  const late = after(PATIENCE_MS, 'late', { signal: given.signal }).catch(() => 'stopped')
  const outcome = await Promise.race([server.stop().then(() => 'stopped'), late])
  given.abort()
  if (outcome === 'late') logger.warn({ streams: server.streams.size }, 'Some streams did not end in time')
}
