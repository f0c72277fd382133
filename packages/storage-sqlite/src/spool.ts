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

  const counted = new SpoolCounts()
  pending.refused = destination => counted.forget(destination)
  /** Whether an entry is among those that are counted, settled or not. */
  const present = ({ destination, id, stored }: SpoolEntry): boolean =>
    stored || pending.entries(destination)?.has(id) === true

  const count = (destination: string): number => {
    parts.requireOpen()
    const known = counted.get(destination)
    if (known !== undefined) return known
    const found = enumerate(destination)
    counted.set(destination, found)
    return found
  }

  const enumerate = (destination: string): number => {
    const put = pending.entries(destination)
    if (put === undefined && !committer.hasSettled) return reader.spoolCount(destination)
    let entries = 0
    for (const id of reader.spoolIds(destination)) if (!committer.isSettled(id) && put?.has(id) !== true) entries += 1
    if (put !== undefined) for (const entry of put.values()) if (!entry.settled) entries += 1
    return entries
  }

  return {
    put: (unit, entry, live = false) => {
      if (!entry.settled && !present(entry)) counted.change(entry.destination, 1)
      committer.own(unit).add(spoolWrite(entry, live))
    },
    settle: entries => {
      parts.requireOpen()
      for (const entry of entries) {
        if (entry.settled || committer.isSettled(entry.id) || !present(entry)) continue
        counted.change(entry.destination, -1)
      }
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

/** Destinations that are counted at a time. */
const MAX_COUNTED = 10_000

/** How many entries a destination has, once somebody has asked: each message to somebody who is away asks. */
class SpoolCounts {
  readonly #counts = new Map<string, number>()

  get(destination: string): number | undefined {
    return this.#counts.get(destination)
  }

  set(destination: string, count: number): void {
    if (this.#counts.size >= MAX_COUNTED) this.#counts.clear()
    this.#counts.set(destination, count)
  }

  change(destination: string, by: 1 | -1): void {
    const count = this.#counts.get(destination)
    if (count !== undefined) this.#counts.set(destination, Math.max(0, count + by))
  }

  forget(destination: string): void {
    this.#counts.delete(destination)
  }
}
