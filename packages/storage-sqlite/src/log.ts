/** Logs on the main thread: every read goes to the worker, with the pending writes of the owner. */

import type { Log } from '@tercet/storage'
import { appendWrite } from '@tercet/storage/adapter'
import type { Packed } from './pack.ts'
import type { Parts } from './parts.ts'
import { isLogWrite, packPending } from './pending.ts'

/** A log by name. */
export function sqliteLog(parts: Parts, name: string): Log {
  const { committer, writer } = parts
  const unflown = (host: string, owner: string): Packed => {
    const units = parts.pending.units('log', name, host, owner)
    if (units === undefined) return []
    const concerns = (write: Parameters<typeof isLogWrite>[0]): boolean =>
      isLogWrite(write) && write.owner === owner && write.name === name && write.host === host
    return packPending(units, concerns)
  }
  return {
    append: (unit, host, owner, entry) => committer.own(unit).add(appendWrite({ name, host, owner }, entry)),
    page: async (host, owner, query) => {
      parts.requireOpen()
      return writer.ask({ kind: 'page', pending: unflown(host, owner), name, host, owner, query })
    },
    get: async (host, owner, id) => {
      parts.requireOpen()
      return writer.ask({ kind: 'entry', pending: unflown(host, owner), name, host, owner, id })
    },
    count: async (host, owner) => {
      parts.requireOpen()
      return writer.ask({ kind: 'count', pending: unflown(host, owner), name, host, owner })
    },
    delete: (unit, host, owner, id) => committer.own(unit).add({ kind: 'remove', name, host, owner, id }),
    clear: (unit, host, owner, olderThanMs) =>
      committer.own(unit).add({ kind: 'purge', name, host, owner, olderThanMs }),
  }
}
