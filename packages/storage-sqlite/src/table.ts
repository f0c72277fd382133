/** Tables on the main thread: point reads from disk with the pending writes laid over. */

import type { Row, Table } from '@tercet/storage'
import { compareText, putWrite, type WorkUnit } from '@tercet/storage/adapter'
import type { Parts } from './parts.ts'
import { isTableWrite, packPending } from './pending.ts'
import type { RawRow } from './protocol.ts'

const ownersPage = 256

/** A table by name. */
export function sqliteTable(parts: Parts, name: string): Table<unknown> {
  const { committer, pending, reader, writer } = parts
  const unflown = (host: string, owner: string | undefined) =>
    packPending(
      committer.pending(),
      write =>
        isTableWrite(write) &&
        write.name === name &&
        write.host === host &&
        (owner === undefined || write.owner === owner),
    )
  return {
    get: (host, owner, key) => {
      parts.requireOpen()
      const units = pending.units('table', name, host, owner)
      if (units === undefined) return toRow(reader.row(name, host, owner, key))
      if (isFlying(units)) {
        return writer
          .ask({ kind: 'row', pending: unflown(host, owner), name, host, owner, key })
          .then(row => toRow(row))
      }
      const row = reader.row(name, host, owner, key)
      return toRow(overlay(new Map(row === undefined ? [] : [[key, row]]), units, name, host, owner).get(key))
    },
    list: (host, owner) => {
      parts.requireOpen()
      const units = pending.units('table', name, host, owner)
      if (units === undefined) return reader.rows(name, host, owner).map(parse)
      if (isFlying(units)) {
        return writer
          .ask({ kind: 'rows', pending: unflown(host, owner), name, host, owner })
          .then(rows => rows.map(parse))
      }
      const rows = new Map(reader.rows(name, host, owner).map(row => [row.key, row]))
      return [...overlay(rows, units, name, host, owner).values()].sort((a, b) => compareText(a.key, b.key)).map(parse)
    },
    owners: async function* (host) {
      parts.requireOpen()
      let after: string | undefined
      for (;;) {
        const owners = await writer.ask({
          kind: 'owners',
          pending: unflown(host, undefined),
          name,
          host,
          after,
          max: ownersPage,
        })
        yield* owners
        if (owners.length < ownersPage) return
        after = owners.at(-1)
      }
    },
    put: (unit, host, owner, key, value, options) => {
      parts.requireOpen()
      committer.own(unit).add(putWrite({ name, host, owner }, key, value, options))
    },
    delete: (unit, host, owner, key) => committer.own(unit).add({ kind: 'delete', name, host, owner, key }),
    clear: (unit, host, owner) => committer.own(unit).add({ kind: 'clear', name, host, owner }),
  }
}

/** While writes of an owner are in flight the disk may or may not show them; the worker alone knows. */
function isFlying(units: readonly WorkUnit[]): boolean {
  return units[0]?.state === 'flying'
}

function overlay(
  rows: Map<string, RawRow>,
  units: readonly WorkUnit[],
  name: string,
  host: string,
  owner: string,
): Map<string, RawRow> {
  for (const unit of units) {
    for (const write of unit.writes) {
      if (!isTableWrite(write) || write.owner !== owner || write.name !== name || write.host !== host) continue
      if (write.kind === 'clear') rows.clear()
      else if (write.kind === 'delete') rows.delete(write.key)
      else {
        const version = (rows.get(write.key)?.version ?? 0) + write.steps
        rows.set(write.key, { key: write.key, version, value: write.json })
      }
    }
  }
  return rows
}

function toRow(row: RawRow | undefined): Row<unknown> | undefined {
  return row === undefined ? undefined : parse(row)
}

function parse({ key, version, value }: RawRow): Row<unknown> {
  return { key, value: JSON.parse(value) as unknown, version }
}
