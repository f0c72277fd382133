import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Storage, Unit } from '@tercet/storage'
import { MemoryDisk, memoryStorage } from '@tercet/storage/memory'
import { idAt, placeOf } from '@tercet/storage/adapter'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSqliteStorage } from './open.ts'

const key = fc.constantFrom('a', 'b', 'ü', '\u{1f339}', '\uffee')
const owner = fc.constantFrom('o', 'p')
const slot = fc.nat(2)
const text = fc.constantFrom('x', 'y', '<message/>')
const time = fc.nat(5)
const idOf = (number: number): string => idAt(placeOf(10 + number))
const id = fc.constantFrom(...[1, 2, 3, 4, 5, 6].map(idOf))
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('put'), slot, owner, key, fc.nat(9), fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('set'), slot, owner, key, fc.nat(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('delete'), slot, owner, key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear'), slot, owner) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('append'), slot, owner, time, text) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('remove'), slot, owner, id) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('replace'), slot, owner, id) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('trim'),
      slot,
      fc.integer({ min: 1, max: 3 }),
      fc.option(fc.nat(40), { nil: Infinity }),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('purge'), slot, owner, fc.option(time, { nil: undefined })) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('spool'), slot, owner) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('settle'), fc.nat(9)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('commit'), slot) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('abandon'), slot) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('wait')) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('read'), owner, fc.boolean(), fc.option(id, { nil: undefined }), time) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reopen')) },
) as fc.Arbitrary<readonly [string, ...unknown[]]>

/** Runs a script against a store and gives everything that was observed. */
async function run(
  script: readonly (readonly [string, ...unknown[]])[],
  store: Storage,
  reopen: (storage: Storage) => Promise<Storage>,
) {
  const seen: unknown[] = []
  const host = 'h'
  let storage = store
  let units: { unit: Unit; guarded: boolean }[] = []
  let commits: Promise<unknown>[] = []
  let number = 0
  const entries: Parameters<Storage['spool']['settle']>[0][number][] = []
  const fresh = () => (units = [0, 1, 2].map(() => ({ unit: storage.unit(), guarded: false })))
  fresh()
  const outcome = (commit: Promise<void>) =>
    commit.then(
      () => 'fulfilled',
      (error: unknown) => (error as { condition: string }).condition,
    )
  for (const [kind, ...rest] of script) {
    // The types of the arguments are those that `operation` gives to each kind.
    const [a, b, c, d, e] = rest as [never, never, never, never, never]
    const at = units[a] ?? units[0]!
    switch (kind) {
      case 'put':
        storage.table('t').put(at.unit, host, b, c, d, { lazy: e })
        break
      case 'set':
        storage.table('t').put(at.unit, host, b, c, 'set', { expect: d })
        at.guarded = true
        break
      case 'delete':
        storage.table('t').delete(at.unit, host, b, c)
        break
      case 'clear':
        storage.table('t').clear(at.unit, host, b)
        break
      case 'append':
        storage
          .log('l')
          .append(at.unit, host, b, { id: idOf(++number), at: c, peer: d, body: `<body>${d as string}</body>` })
        break
      case 'remove':
        storage.log('l').delete(at.unit, host, b, c)
        break
      case 'replace':
        storage.log('l').replace(at.unit, host, b, c, '<body>y</body>')
        break
      case 'trim':
        // It may be refused, as any unit with a compare-and-set.
        seen.push(await outcome(at.unit.commit()))
        Object.assign(at, { unit: storage.unit(), guarded: false })
        await Promise.all(commits)
        seen.push(await storage.log('l').trim(host, { keep: a, max: b, keepBytes: c }))
        break
      case 'purge':
        storage.log('l').clear(at.unit, host, b, c)
        break
      case 'spool': {
        const entry = {
          destination: b,
          id: String(++number).padStart(4, '0'),
          at: 1,
          text: 't',
          settled: false,
          stored: false,
        }
        entries.push(entry)
        storage.spool.put(at.unit, entry)
        break
      }
      case 'settle':
        storage.spool.settle(entries.slice(a, (a as number) + 2))
        break
      case 'commit': {
        const commit = outcome(at.unit.commit())
        commits.push(commit)
        // When a refused unit stops being visible depends on the pace of the disk, so its turn is awaited.
        if (at.guarded) await commit
        Object.assign(at, { unit: storage.unit(), guarded: false })
        break
      }
      case 'abandon':
        at.unit.abandon()
        Object.assign(at, { unit: storage.unit(), guarded: false })
        break
      case 'wait':
        await commits.at(-1)
        break
      case 'read':
        for (const who of ['o', 'p']) {
          seen.push(await storage.table('t').list(host, who), await storage.table('t').get(host, who, 'a'))
          seen.push(await storage.log('l').count(host, who), await storage.log('l').get(host, who, idOf(3)))
          seen.push(await storage.spool.count(who))
          seen.push((await storage.spool.load(who)).map(entry => entry.id))
        }
        for (const query of [
          { max: 3, last: b as boolean },
          { max: 2, last: b as boolean, startMs: d as number },
          { max: 2, last: b as boolean, endMs: d as number, peer: 'x' },
          { max: 2, last: b as boolean, search: 'y' },
          { max: 3, last: b as boolean, ...bound('after', c) },
          { max: 3, last: b as boolean, ...bound('before', c) },
        ]) {
          seen.push(
            await storage
              .log('l')
              .page(host, a, query)
              .catch((error: unknown) => (error as { condition: string }).condition),
          )
        }
        seen.push(await ownersOf(storage), await storage.spool.destinations())
        break
      case 'reopen':
        for (const { unit } of units) unit.abandon()
        storage = await reopen(storage)
        seen.push(await Promise.all(commits))
        commits = []
        fresh()
        break
    }
  }
  for (const { unit } of units) unit.abandon()
  await storage.close()
  seen.push(await Promise.all(commits))
  return seen
}

function bound(name: 'after' | 'before', id: string | undefined): object {
  return id === undefined ? {} : { [name]: id }
}

async function ownersOf(storage: Storage): Promise<string[]> {
  const owners: string[] = []
  for await (const owner of storage.table('t').owners('h')) owners.push(owner)
  return owners
}

test('whatever is done to it, the SQLite store shows what the memory store shows', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async script => {
      const folder = mkdtempSync(join(tmpdir(), 'tercet-'))
      const disk = new MemoryDisk()
      const open = () => openSqliteStorage({ folder, synchronous: 'OFF', commitGapMs: 1 })
      const expected = await run(script, memoryStorage({ disk, commitGapMs: 1 }), async storage => {
        await storage.close()
        return memoryStorage({ disk, commitGapMs: 1 })
      })
      const seen = await run(script, await open(), async storage => {
        await storage.close()
        return open()
      })
      rmSync(folder, { recursive: true })
      expect(seen).toEqual(expected)
    }),
    { numRuns: Number(process.env['TERCET_MODEL_RUNS'] ?? 15), interruptAfterTimeLimit: 50_000 },
  )
})
