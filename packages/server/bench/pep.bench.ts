// CPU time of one publication that N contacts want to hear of, up to the sessions' outboxes; memory storage, one process, several rounds.
// Run: pnpm exec node --conditions=@tercet/source packages/server/bench/pep.bench.ts
import { BareJid } from '@tercet/jid'
import { startFixture } from '../src/fixture.ts'
import { standardModules } from '../src/modules/index.ts'
import { publishes, tune, wanting } from '../src/modules/pep/pep.fixture.ts'

const NODE = 'eu.siacs.conversations.axolotl.devicelist'
const ROUNDS = 9
const PUBLICATIONS = 40

for (const contacts of [0, 50, 500]) {
  const names = Array.from({ length: contacts }, (_, index) => `contact${index}@a.test`)
  await using fixture = await startFixture({ modules: standardModules, accounts: ['juliet@a.test', ...names] })
  const host = fixture.server.hosts.get('a.test')!
  for (const name of names) await fixture.befriend('juliet@a.test', name)
  const juliet = await fixture.available('juliet@a.test/balcony')
  let copies = 0
  for (const name of names) {
    await wanting(fixture, `${name}/home`, NODE)
    const [session] = host.sessions(BareJid.parse(name))
    // Counted, not sent: the fixture's clients read with a strict parser, which is not what is measured.
    session!.send = () => {
      copies++
    }
  }
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let count = 0; count < PUBLICATIONS; count++)
      await publishes(juliet, NODE, tune(`${round} ${count}`, 'current'))
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / PUBLICATIONS)
  }
  rounds.sort((a, b) => a - b)
  const median = rounds[ROUNDS >> 1]!
  const each = contacts === 0 ? '' : `, ${(median / contacts).toFixed(1)} µs a copy (${copies} copies)`
  console.log(`${contacts} contacts: ${median.toFixed(0)} µs a publication${each}`)
}
