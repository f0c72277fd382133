/**
 * What a large archive costs: CPU of an entry, the size of the file, pages from both ends and from the middle, with filters, and searches.
 * Two owners share each body, as both ends of a conversation do. Build and ask:
 *
 *     pnpm exec node --conditions=@tercet/source bench/archive.bench.ts 10000 10000000 [folder]
 */

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIdSource, type Log, type Storage } from '@tercet/storage'
import { openSqliteStorage } from '../src/index.ts'

const HOST = 'a.test'
/** Entries of an owner, about. */
const PER_OWNER = 10_000
const BATCH = 200
const ASKED = 200

const WORDS =
  'romeo juliet balcony night rose name sweet sorrow morrow dagger friar nurse verona grave letter moon'.split(' ')

async function build(storage: Storage, rows: number): Promise<{ cpuUs: number; ids: string[] }> {
  const log = storage.log('archive')
  const owners = ownersOf(rows)
  // A year of messages.
  let now = Date.now() - 365 * 86_400_000
  const step = (365 * 86_400_000) / (rows / 2)
  const newId = createIdSource(() => now)
  const ids: string[] = []
  const cpu = process.cpuUsage()
  for (let row = 0; row < rows; row += 2 * BATCH) {
    const commits: Promise<void>[] = []
    for (let turn = row / 2; turn < row / 2 + BATCH && turn * 2 < rows; turn++) {
      now += step
      const unit = storage.unit()
      const from = (turn * 7) % owners
      const to = (from + 1 + (turn % 20)) % owners
      const id = newId()
      const body = messageOf(from, to, turn)
      log.append(unit, HOST, `user${from}`, { id, at: Math.floor(now), peer: `user${to}@${HOST}`, body })
      log.append(unit, HOST, `user${to}`, {
        id: newId(),
        at: Math.floor(now),
        peer: `user${from}@${HOST}`,
        resource: 'r',
        body,
      })
      if (from === 0) ids.push(id)
      commits.push(unit.commit())
    }
    await Promise.all(commits)
  }
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: (user + system) / rows, ids }
}

function ownersOf(rows: number): number {
  return Math.max(2, Math.round(rows / PER_OWNER))
}

function messageOf(from: number, to: number, turn: number): string {
  const text = Array.from({ length: 12 }, (_, at) => WORDS[(turn * 31 + at * 7) % WORDS.length]).join(' ')
  return `<message to='user${to}@${HOST}' from='user${from}@${HOST}/r' id='m${turn}' type='chat'><body>${text} word${turn % 1000}</body></message>`
}

async function ask(title: string, count: number, run: (turn: number) => Promise<unknown>): Promise<string> {
  const times: number[] = []
  for (let turn = 0; turn < count; turn++) {
    const began = performance.now()
    await run(turn)
    times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(2)
  return `  ${title}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

async function questions(log: Log, rows: number, ids: readonly string[]): Promise<void> {
  const owners = ownersOf(rows)
  const owner = (turn: number) => `user${(turn * 13) % owners}`
  const id = (turn: number) => ids[(turn * 17) % ids.length]!
  const lines = [
    await ask('the last page of 50, of any owner', ASKED, turn => log.page(HOST, owner(turn), { max: 50, last: true })),
    await ask('a page of 50 after an id', ASKED, turn => log.page(HOST, 'user0', { max: 50, after: id(turn) })),
    await ask('a page of 50 before an id', ASKED, turn =>
      log.page(HOST, 'user0', { max: 50, before: id(turn), last: true }),
    ),
    await ask('the last 50 with one peer', ASKED, turn =>
      log.page(HOST, owner(turn), { max: 50, last: true, peer: `user${(turn * 13 + 1) % owners}@${HOST}` }),
    ),
    await ask('50 of one week', ASKED, turn => {
      const startMs = Date.now() - (20 + (turn % 300)) * 86_400_000
      return log.page(HOST, owner(turn), { max: 50, startMs, endMs: startMs + 7 * 86_400_000 })
    }),
    await ask('one by its id', ASKED, turn => log.get(HOST, 'user0', id(turn))),
    await ask('the first search of an owner, which makes its index', 5, turn =>
      log.page(HOST, `user${turn % owners}`, { max: 50, search: 'word7', last: true }),
    ),
    await ask('a search for a rare word', ASKED, turn =>
      log.page(HOST, `user${turn % Math.min(5, owners)}`, { max: 50, search: `word${turn}`, last: true }),
    ),
    await ask('a search for a word of every other message', ASKED, turn =>
      log.page(HOST, `user${turn % Math.min(5, owners)}`, { max: 50, search: 'balcony', last: true }),
    ),
  ]
  for (const line of lines) console.log(line)
}

const numbers = process.argv.slice(2).filter(argument => /^\d+$/.test(argument))
const place = process.argv.slice(2).find(argument => !/^\d+$/.test(argument)) ?? tmpdir()
for (const rows of numbers.length > 0 ? numbers.map(Number) : [10_000, 10_000_000]) {
  const folder = mkdtempSync(join(place, 'tercet-archive-'))
  try {
    {
      await using storage = await openSqliteStorage({ folder })
      const { cpuUs, ids } = await build(storage, rows)
      console.log(
        `${rows} entries of ${ownersOf(rows)} owners: ${cpuUs.toFixed(1)} µs CPU an entry, fsynced in units of two, ${BATCH} a turn`,
      )
      await questions(storage.log('archive'), rows, ids)
    }
    console.log(`  file: ${(statSync(join(folder, 'tercet.db')).size / 2 ** 20).toFixed(1)} MiB`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
