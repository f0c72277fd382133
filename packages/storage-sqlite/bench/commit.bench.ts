/**
 * What a commit costs: CPU of all threads per row, and how long a commit takes, at a steady rate and with full batches; then the
 * cost of point reads. Run: pnpm exec node --conditions=@tercet/source bench/commit.bench.ts [folder]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createIdSource, type Storage } from '@tercet/storage'
import { openSqliteStorage } from '../src/index.ts'

const host = 'a.test'
const body = `<message from='romeo@a.test' to='juliet@b.test' type='chat'><body>${'x'.repeat(320)}</body></message>`
const owners = Array.from({ length: 1_000 }, (_, turn) => `user${turn}`)
const newId = createIdSource()
let turn = 0

/** One unit of one row, as one archived message of one account; `copies` of 2 archives both ends. */
function commitOne(storage: Storage, copies: number): Promise<void> {
  const unit = storage.unit()
  const id = newId()
  for (let copy = 0; copy < copies; copy++) {
    const owner = owners[(turn * 7 + copy * 13) % owners.length]!
    const peer = `${owners[(turn * 7 + 13 - copy * 13) % owners.length]!}@a.test`
    storage.log('archive').append(unit, host, owner, { id, at: Date.now(), peer, body })
  }
  turn += 1
  return unit.commit()
}

async function steady(storage: Storage, rate: number, seconds: number, copies: number): Promise<string> {
  const started = performance.now()
  const cpu = process.cpuUsage()
  const waits: number[] = []
  let done = 0
  while (done < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - started) / 1_000) * rate))
    for (; done < due; done++) {
      const began = performance.now()
      void commitOne(storage, copies).then(() => waits.push(performance.now() - began))
    }
    await sleep(Math.max(1, 1_000 / rate))
  }
  while (storage.stats().backlog > 0) await sleep(1)
  return report(`${rate}/s paced, ${copies} row(s) a unit`, done * copies, process.cpuUsage(cpu), waits)
}

/** The cost of the pacing loop above, to subtract. */
async function idle(rate: number, seconds: number): Promise<number> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  while (performance.now() - started < seconds * 1_000) await sleep(Math.max(1, 1_000 / rate))
  const { user, system } = process.cpuUsage(cpu)
  return (user + system) / (rate * seconds)
}

async function full(storage: Storage, batch: number, batches: number, copies: number): Promise<string> {
  const cpu = process.cpuUsage()
  const waits: number[] = []
  for (let index = 0; index < batches; index++) {
    const began = performance.now()
    await Promise.all(Array.from({ length: batch }, () => commitOne(storage, copies)))
    waits.push(performance.now() - began)
  }
  return report(
    `${batch} units a commit, ${copies} row(s) a unit`,
    batch * batches * copies,
    process.cpuUsage(cpu),
    waits,
  )
}

function report(title: string, rows: number, cpu: NodeJS.CpuUsage, waits: number[]): string {
  waits.sort((a, b) => a - b)
  const at = (share: number) => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(2)
  return `${title}: ${((cpu.user + cpu.system) / rows).toFixed(1)} µs CPU a row; commit p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

async function pointReads(storage: Storage): Promise<void> {
  const unit = storage.unit()
  const item = { name: 'Juliet', groups: ['Capulets'], subscription: 'both' }
  for (const owner of owners.slice(0, 100)) {
    for (let contact = 0; contact < 20; contact++)
      storage.table('roster').put(unit, host, owner, `contact${contact}@b.test`, item)
  }
  await unit.commit()
  const time = async (title: string, read: (owner: string) => unknown) => {
    const count = 20_000
    for (let index = 0; index < 2_000; index++) read(owners[index % 100]!)
    const began = performance.now()
    for (let index = 0; index < count; index++) await read(owners[index % 100]!)
    console.log(`${title}: ${(((performance.now() - began) * 1_000) / count).toFixed(1)} µs`)
  }
  await time('get of one row', owner => storage.table('roster').get(host, owner, 'contact7@b.test'))
  await time('get of a missing row', owner => storage.table('roster').get(host, owner, 'nobody'))
  await time('list of a roster of 20', owner => storage.table('roster').list(host, owner))
  await time('spool.load of nothing', owner => storage.spool.load(owner))
  await time('spool.count of nothing', owner => storage.spool.count(owner))
  await time('page of 50 of an archive (worker)', owner =>
    storage.log('archive').page(host, owner, { max: 50, last: true }),
  )
}

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'tercet-bench-'))
{
  await using storage = await openSqliteStorage({ folder })
  console.log(await full(storage, 200, 20, 1), '(warm-up)')
  for (const rate of [100, 1_000, 2_000, 5_000]) {
    console.log(await steady(storage, rate, 4, 1), `of which the pacing loop ${(await idle(rate, 1)).toFixed(1)} µs`)
  }
  console.log(await full(storage, 200, 250, 1))
  console.log(await full(storage, 200, 150, 2))
  await pointReads(storage)
  const cpu = process.cpuUsage()
  for (let index = 0; index < 1_000_000; index++) newId()
  console.log(`an id: ${(process.cpuUsage(cpu).user / 1_000).toFixed(0)} ns`)
}
rmSync(folder, { recursive: true })
