/** The spool on the main thread: rows on disk with entries that are put but not durable laid over. */

import type { Spool, SpoolEntry } from '@tercet/storage'
import { compareText, spoolWrite } from '@tercet/storage/adapter'
import type { Parts } from './parts.ts'
import { packPending } from './pending.ts'

/** The spool of a store. */
export function sqliteSpool(parts: Parts): Spool {
  const { committer, pending, reader, writer } = parts

  const load = (destination: string): SpoolEntry[] => {
    parts.requireOpen()
    const rows = reader.spool(destination).filter(row => !committer.isSettled(row.id))
    const put = pending.entries(destination)
    if (put === undefined) return rows
    // A row may be on disk while its unit still counts as pending: the caller's own object stands for both.
    const entries = rows.filter(row => !put.has(row.id))
    for (const entry of put.values()) if (!entry.settled) entries.push(entry)
    return entries.sort((a, b) => compareText(a.id, b.id))
  }

  const count = (destination: string): number => {
    parts.requireOpen()
    const put = pending.entries(destination)
    if (put === undefined && !committer.hasSettled) return reader.spoolCount(destination)
    let entries = 0
    for (const id of reader.spoolIds(destination)) if (!committer.isSettled(id) && put?.has(id) !== true) entries += 1
    if (put !== undefined) for (const entry of put.values()) if (!entry.settled) entries += 1
    return entries
  }

  return {
    put: (unit, entry) => committer.own(unit).add(spoolWrite(entry)),
    settle: entries => {
      parts.requireOpen()
      committer.settle(entries)
    },
    load,
    count,
    destinations: async () => {
      parts.requireOpen()
      const unflown = packPending(committer.pending(), write => write.kind === 'spool' && !write.entry.settled)
      const found = await writer.ask({ kind: 'destinations', pending: unflown })
      parts.requireOpen()
      return found.filter(destination => count(destination) > 0)
    },
  }
}
