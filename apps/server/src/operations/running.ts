/** The server itself: how it is, a copy of its data, its end. */

import { chmod } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import { operation } from './operation.ts'

/** How the server is. Figures of the disk are those since the start; the percentile is of the last 1,000 commits. */
export const status = operation({
  name: 'status',
  input: z.strictObject({}),
  run({ server, federation, components, shutDown }) {
    if (!shutDown) throw new UserError('No server is running')
    let sessions = 0
    let hibernating = 0
    for (const session of server.sessions()) {
      sessions++
      if (session.phase === 'hibernating') hibernating++
    }
    const { commits, rows, backlog, commitP50Ms, commitP99Ms, writable } = server.storage.stats()
    return {
      pid: process.pid,
      uptimeSeconds: Math.floor(process.uptime()),
      hosts: [...server.hosts.keys()],
      sessions,
      hibernating,
      streams: server.streams.size,
      federation: federation ? federation.gateway.figures() : undefined,
      components: components?.list() ?? [],
      timers: server.wheel.size,
      rssBytes: process.memoryUsage.rss(),
      commits,
      rows,
      backlog,
      commitP50Ms,
      commitP99Ms,
      writable,
    }
  },
})

/** Writes a copy of all data to a file, while the server goes on. */
export const backup = operation({
  name: 'backup',
  input: z.strictObject({ path: z.string().refine(isAbsolute, { error: 'an absolute path' }) }),
  async run({ server }, { path }) {
    await server.storage.backup(path)
    await chmod(path, 0o600)
    return { path }
  },
})

/** Ends the server in order. */
export const stop = operation({
  name: 'stop',
  input: z.strictObject({}),
  run({ shutDown }) {
    if (!shutDown) throw new UserError('No server is running')
    shutDown()
    return { pid: process.pid }
  },
})
