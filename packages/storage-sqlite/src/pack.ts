/** Writes as one flat array, which crosses to the worker in one message. */

import type { SpoolEntry } from '@tercet/storage'
import type { Write } from '@tercet/storage/adapter'

/** Codes and their fields, one after another; see `pack` and `apply`. */
export type Packed = (string | number | null)[]

export const code = {
  /** guarded: 1 when a write of the unit is compare-and-set */
  unit: 0,
  /** name, host, owner, key, json, expect (-1: any), steps */
  put: 1,
  /** name, host, owner, key */
  delete: 2,
  /** name, host, owner */
  clear: 3,
  /** name, host, owner, id, at, peer, resource, refs (0: the body before), body */
  append: 4,
  /** name, host, owner, id */
  remove: 5,
  /** name, host, owner, olderThanMs or null */
  purge: 6,
  /** destination, id, at, text */
  spool: 7,
  /** destination, id */
  unspool: 8,
  /** name, host, owner, id, body */
  replace: 9,
} as const

/** Adds a unit. Copies of one body, as both ends of a conversation archive it, are packed once. */
export function packUnit(packed: Packed, guarded: boolean, writes: readonly Write[]): void {
  packed.push(code.unit, guarded ? 1 : 0)
  let refsSlot = -1
  let body: string | undefined
  for (const write of writes) {
    switch (write.kind) {
      case 'put':
        packed.push(
          code.put,
          write.name,
          write.host,
          write.owner,
          write.key,
          write.json,
          write.expect ?? -1,
          write.steps,
        )
        break
      case 'delete':
        packed.push(code.delete, write.name, write.host, write.owner, write.key)
        break
      case 'clear':
        packed.push(code.clear, write.name, write.host, write.owner)
        break
      case 'append': {
        const { id, at, peer, resource = '' } = write.entry
        packed.push(code.append, write.name, write.host, write.owner, id, at, peer, resource)
        if (write.entry.body === body) {
          // True because only append puts a count of references there.
          packed[refsSlot] = (packed[refsSlot] as number) + 1
          packed.push(0, null)
        } else {
          body = write.entry.body
          refsSlot = packed.length
          packed.push(1, body)
        }
        break
      }
      case 'replace':
        packed.push(code.replace, write.name, write.host, write.owner, write.id, write.body)
        body = undefined
        break
      case 'remove':
        packed.push(code.remove, write.name, write.host, write.owner, write.id)
        // The entry may be one of those that share the body, and the body may go with it.
        body = undefined
        break
      case 'purge':
        packed.push(code.purge, write.name, write.host, write.owner, write.olderThanMs ?? null)
        body = undefined
        break
      case 'spool':
        packed.push(code.spool, write.entry.destination, write.entry.id, write.entry.at, write.entry.text)
        break
    }
  }
}

/** Adds the removal of settled spool rows. */
export function packSettled(packed: Packed, entries: Iterable<SpoolEntry>): void {
  for (const entry of entries) packed.push(code.unspool, entry.destination, entry.id)
}
