/** Of several lazy puts of a key in one flush, or puts that go along, only the last is written. */

import type { WorkUnit } from './work-unit.ts'
import type { PutWrite, Write } from './write.ts'

/** Drops lazy puts that a later lazy put of the same key in the same job replaces, and counts them in that one's `steps`. */
export function collapseLazy(
  units: readonly WorkUnit[],
  writes: readonly (readonly Write[])[],
): readonly (readonly Write[])[] {
  let lazyPuts = 0
  for (const list of writes) for (const write of list) if (collapsible(write)) lazyPuts += 1
  if (lazyPuts < 2) return writes
  const dropped = new Set<Write>()
  const earlier = new Map<string, PutWrite>()
  return writes
    .map((list, index) =>
      list.map(write => {
        if (write.kind !== 'put' && write.kind !== 'delete' && write.kind !== 'clear') return write
        if (write.kind === 'clear') {
          earlier.clear()
          return write
        }
        const place = [write.name, write.host, write.owner, write.key].join('\0')
        // A guarded unit may be refused alone: it must not carry off what another unit was promised.
        if (write.kind === 'delete' || !collapsible(write) || units[index]!.guarded) {
          earlier.delete(place)
          return write
        }
        const replaced = earlier.get(place)
        if (replaced !== undefined) dropped.add(replaced)
        const put = replaced === undefined ? write : { ...write, steps: write.steps + replaced.steps }
        earlier.set(place, put)
        return put
      }),
    )
    .map(list => list.filter(write => !dropped.has(write)))
}

function collapsible(write: Write): boolean {
  return write.kind === 'put' && (write.lazy || write.along)
}
