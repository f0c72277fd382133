/** Writes that are not durable yet, found by whom they concern. */

import type { SpoolEntry } from '@tercet/storage'
import type { CommitObserver, LogWrite, TableWrite, WorkUnit, Write } from '@tercet/storage/adapter'
import { packUnit, type Packed } from './pack.ts'

/** Units of an owner; texts are looked up one by one, since joining them into a key would cost more than the lookups. */
type Hosts = Map<string, Owners>

/** One unit is what most owners have, if any; it is there for some milliseconds, and a set for it would be most of the garbage. */
type Owners = Map<string, WorkUnit | Set<WorkUnit>>

/** An index of units by owner and of spool entries by destination; it holds exactly what the committer holds. */
export class Pending implements CommitObserver {
  readonly #tables = new Map<string, Hosts>()
  readonly #logs = new Map<string, Hosts>()
  readonly #spool = new Map<string, Map<string, SpoolEntry>>()
  /** Hears of destinations whose entries were refused, or whose unit was given up. */
  refused: (destination: string) => void = () => {}
  /** Hears of writes to tables that are on disk, or never will be. */
  decided: (write: TableWrite) => void = () => {}

  wrote(unit: WorkUnit, write: Write): void {
    if (write.kind === 'spool') {
      const { destination, id } = write.entry
      let entries = this.#spool.get(destination)
      if (entries === undefined) this.#spool.set(destination, (entries = new Map<string, SpoolEntry>()))
      entries.set(id, write.entry)
      return
    }
    const owners = this.#ownersOf(write)
    const units = owners.get(write.owner)
    if (units === undefined) owners.set(write.owner, unit)
    else if (units instanceof Set) units.add(unit)
    else if (units !== unit) owners.set(write.owner, new Set([units, unit]))
  }

  finished(unit: WorkUnit): void {
    for (const write of unit.writes) {
      if (write.kind === 'spool') {
        const entries = this.#spool.get(write.entry.destination)
        if (entries?.get(write.entry.id) !== write.entry) continue
        entries.delete(write.entry.id)
        if (entries.size === 0) this.#spool.delete(write.entry.destination)
        if (!write.entry.stored && !write.entry.settled) this.refused(write.entry.destination)
        continue
      }
      const owners = this.#ownersOf(write)
      const units = owners.get(write.owner)
      if (units === unit || (units instanceof Set && units.delete(unit) && units.size === 0)) owners.delete(write.owner)
      if (isTableWrite(write)) this.decided(write)
    }
  }

  /** Units with writes to a table or log of an owner, in the order in which they count. */
  units(kind: 'table' | 'log', name: string, host: string, owner: string): readonly WorkUnit[] | undefined {
    const units = (kind === 'table' ? this.#tables : this.#logs).get(name)?.get(host)?.get(owner)
    if (units === undefined) return undefined
    return units instanceof Set ? [...units].sort(byPrecedence) : [units]
  }

  /** Entries that were put for a destination, settled ones included. */
  entries(destination: string): ReadonlyMap<string, SpoolEntry> | undefined {
    return this.#spool.get(destination)
  }

  #ownersOf(write: TableWrite | LogWrite): Owners {
    const names = isTableWrite(write) ? this.#tables : this.#logs
    let hosts = names.get(write.name)
    if (hosts === undefined) names.set(write.name, (hosts = new Map<string, Owners>()))
    let owners = hosts.get(write.host)
    if (owners === undefined) hosts.set(write.host, (owners = new Map<string, WorkUnit | Set<WorkUnit>>()))
    return owners
  }
}

/** Committed units count before open ones. */
function byPrecedence(a: WorkUnit, b: WorkUnit): number {
  return Number(a.state === 'open') - Number(b.state === 'open') || a.rank - b.rank
}

/** The writes of units that the worker has not been given yet and that concern a question. */
export function packPending(units: Iterable<WorkUnit>, concerns: (write: Write) => boolean): Packed {
  const packed: Packed = []
  for (const unit of units) {
    if (unit.state === 'flying') continue
    const writes = unit.writes.filter(concerns)
    // Compare-and-set is judged when the unit has its turn, so until then it counts as any put.
    if (writes.length > 0) packUnit(packed, false, writes.map(unguarded))
  }
  return packed
}

function unguarded(write: Write): Write {
  return write.kind === 'put' && write.expect !== undefined ? { ...write, expect: undefined } : write
}

export function isTableWrite(write: Write): write is TableWrite {
  return write.kind === 'put' || write.kind === 'delete' || write.kind === 'clear'
}
