/** Logs on the main thread: every read but that of their ends goes to the worker, with the pending writes of the owner. */

import type { Log, LogEnd } from '@tercet/storage'
import { appendWrite, isLogWrite, type Write } from '@tercet/storage/adapter'
import type { Packed } from './pack.ts'
import type { Parts } from './parts.ts'
import { packPending } from './pending.ts'

/** Entries that become searchable in one step. */
const INDEX_STEP = 500

/** A log by name. */
export function sqliteLog(parts: Parts, name: string): Log {
  const { committer, pending, reader, writer } = parts
  const unflown = (host: string, owner: string): Packed => {
    const units = parts.pending.units('log', name, host, owner)
    if (units === undefined) return []
    const concerns = (write: Write): boolean =>
      isLogWrite(write) && write.owner === owner && write.name === name && write.host === host
    return packPending(units, concerns)
  }
  return {
    append: (unit, host, owner, entry) => committer.own(unit).add(appendWrite({ name, host, owner }, entry)),
    page: async (host, owner, query) => {
      parts.requireOpen()
      // In steps, so that commits have their turn between them.
      if (query.search !== undefined)
        while (!(await writer.ask({ kind: 'index', name, host, owner, max: INDEX_STEP })));
      return writer.ask({ kind: 'page', pending: unflown(host, owner), name, host, owner, query })
    },
    ends: (host, owner) => {
      parts.requireOpen()
      if (pending.units('log', name, host, owner) === undefined) return reader.ends(name, host, owner)
      const end = (last: boolean): Promise<LogEnd | undefined> =>
        writer
          .ask({ kind: 'page', pending: unflown(host, owner), name, host, owner, query: { max: 1, last } })
          .then(({ entries: [entry] }) => entry && { id: entry.id, at: entry.at })
      return Promise.all([end(false), end(true)]).then(([oldest, newest]) => oldest && newest && [oldest, newest])
    },
    get: async (host, owner, id) => {
      parts.requireOpen()
      return writer.ask({ kind: 'entry', pending: unflown(host, owner), name, host, owner, id })
    },
    count: async (host, owner) => {
      parts.requireOpen()
      return writer.ask({ kind: 'count', pending: unflown(host, owner), name, host, owner })
    },
    replace: (unit, host, owner, id, body) => committer.own(unit).add({ kind: 'replace', name, host, owner, id, body }),
    delete: (unit, host, owner, id) => committer.own(unit).add({ kind: 'remove', name, host, owner, id }),
    clear: (unit, host, owner, olderThanMs) =>
      committer.own(unit).add({ kind: 'purge', name, host, owner, olderThanMs }),
    trim: async (host, retention) => {
      parts.requireOpen()
      return writer.ask({ kind: 'trim', name, host, retention })
    },
    weigh: async (host, weighing) => {
      parts.requireOpen()
      return writer.ask({ kind: 'weigh', name, host, weighing })
    },
  }
}
