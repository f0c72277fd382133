import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Ledger } from './ledger.ts'
import { Party } from './party.ts'
import { ServerProcess } from './server-process.ts'
import { Tmpfs } from './tmpfs.ts'
import { until } from './within.ts'

const SENDERS = ['s0', 's1', 's2', 's3', 's4', 's5']
const MIB = 1024 * 1024

test('the disk fills up under load and gets space again: nothing that was acknowledged is lost, and service goes on', async () => {
  using disk = new Tmpfs(24)
  const ledger = new Ledger()
  const live = new Ledger()
  const body = 'x'.repeat(2000)
  const senders = SENDERS.map(local => new Party(local, 'managed', ledger, { peers: ['absent'], body }))
  const absent = new Party('absent', 'managed', ledger)
  const romeo = new Party('romeo', 'managed', live, { peers: ['juliet', 'nurse'], window: 5 })
  const listeners = [new Party('juliet', 'managed', live), new Party('nurse', 'plain', live)]
  const late = new Party('late', 'plain', live)
  const everybody = [...senders, absent, romeo, ...listeners, late]
  await using server = await ServerProcess.prepare(everybody, { data: join(disk.path, 'data') })
  const handled = async (...parties: readonly Party[]): Promise<void> => {
    for (const party of parties) {
      party.rest()
      party.ask()
    }
    await until(20_000, 'All stanzas are handled', () => parties.every(({ unacknowledged }) => unacknowledged === 0))
  }

  await server.start()
  const { pid } = server
  await Promise.all([...senders, romeo, ...listeners].map(party => party.connect(server)))

  // Full: senders are told, and go on.
  disk.fill(3 * MIB)
  for (const sender of senders) sender.go()
  await until(60_000, 'Every sender hears of the full disk', () => senders.every(({ errors }) => errors.length >= 20))
  await handled(...senders)
  const wrong = senders.flatMap(({ errors }) => errors).filter(error => !isRightError(error))
  expect(wrong).toEqual([])
  const stored = ledger.acknowledged.size - ledger.refused.size
  expect(stored).toBeGreaterThan(100)

  // Whoever is there can talk, and others can come.
  await late.connect(server)
  romeo.go()
  await until(20_000, 'Chat is delivered', () => live.delivered.size >= 100)
  await handled(romeo)
  await until(20_000, 'All chat is delivered', () => live.lost.length === 0)
  expect([...live.refused]).toEqual([])
  expect(live.disorder).toBe(0)
  const refused = ledger.refused.size
  senders[0]!.go()
  await until(20_000, 'The disk is still full', () => ledger.refused.size > refused)
  await handled(senders[0]!)

  // Space again.
  disk.clear()
  const before = ledger.acknowledged.size - ledger.refused.size
  for (const sender of senders) sender.go()
  const accepted = (): number => ledger.acknowledged.size - ledger.refused.size
  await until(20_000, 'Messages are stored again', () => accepted() >= before + 100)
  await handled(...senders)
  expect(server.pid).toBe(pid)

  ledger.ending()
  await server.kill()
  for (const party of everybody) party.disconnect()
  ledger.ended()
  await server.start()
  await absent.connect(server)
  await until(20_000, 'Everything is delivered', () => ledger.lost.length === 0)
  absent.disconnect()
  const { acknowledged, delivered } = ledger
  console.log(
    `full disk: acknowledged ${acknowledged.size}, refused ${ledger.refused.size}, delivered ${delivered.size}, lost ${ledger.lost.length}`,
  )
  expect([...ledger.refused].filter(id => delivered.has(id))).toEqual([])
  expect(ledger).toMatchObject({ disorder: 0, strange: [] })
})

function isRightError(error: string): boolean {
  return /<error [^>]*type='wait'/.test(error) && error.includes('<resource-constraint ')
}
