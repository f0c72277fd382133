import { expect, test } from 'vitest'
import { killRuns } from './kill.ts'
import { LoadClient } from '@tercet/testkit/load-client'
import { ServerProcess } from './server-process.ts'
import { earlyAcknowledgement, slowCommit } from './switches.ts'
import { within } from './within.ts'

const NS_SM = 'urn:xmpp:sm:3'
const rounds = process.env['TERCET_LONG'] === undefined ? 12 : 100

test(`kill -9 under load, ${rounds} times: nothing that was acknowledged is lost, order is kept, every copy too many is explained`, async () => {
  const ledger = await killRuns({ rounds })
  console.log(`kill -9, ${rounds} times: ${String(ledger)}`)
  expect(ledger.lost).toEqual([])
  expect(ledger).toMatchObject({ disorder: 0, strange: [] })
  expect(ledger.acknowledged.size).toBeGreaterThan(rounds * 50)
}, 1_200_000)

test('on a slow disk nothing is lost either', async () => {
  const ledger = await killRuns({ rounds: 2, preload: [slowCommit] })
  console.log(`each commit takes 100 ms: ${String(ledger)}`)
  expect(ledger.lost).toEqual([])
  expect(ledger.acknowledged.size).toBeGreaterThan(0)
})

test('the same check is red when stanzas are acknowledged before the commit', async () => {
  const ledger = await killRuns({ rounds: 2, preload: [earlyAcknowledgement, slowCommit] })
  console.log(`acknowledged too early: ${String(ledger)}`)
  expect(ledger.lost).not.toEqual([])
})

test('a session that was lost with its server hears how much of what it sent is on disk: all that was acknowledged (XEP-0198 §5)', async () => {
  await using server = await ServerProcess.prepare([{ local: 'romeo' }, { local: 'juliet' }])
  await server.start()
  const { id, h } = await within(20_000, 'Ten messages are acknowledged', sendTen(server))
  expect(h).toBe('10')
  await server.kill()
  await server.start()
  const client = await within(20_000, 'Login', login(server))
  client.send(`<resume xmlns='${NS_SM}' previd='${id}' h='0'/>`)
  const [failed] = await within(20_000, 'An answer', client.expect(/<failed [^>]*>.*?<\/failed>/s))
  client.destroy()
  expect(failed).toContain("h='10'")
  expect(failed).toContain('<item-not-found ')
})

async function login({ port, domain }: ServerProcess): Promise<LoadClient> {
  const client = new LoadClient({ host: '127.0.0.1', port, domain, local: 'romeo', password: 'pw-romeo' })
  await client.authenticate()
  return client
}

/** Gives the SM-ID and the last acknowledgement. */
async function sendTen(server: ServerProcess): Promise<{ id: string; h: string }> {
  const client = await login(server)
  await client.bind()
  client.send(`<enable xmlns='${NS_SM}' resume='true'/>`)
  const [, id = ''] = await client.expect(/<enabled [^>]*?id='([^']*)'[^>]*>/)
  const messages = Array.from(
    { length: 10 },
    (_, index) => `<message to='juliet@${server.domain}' type='chat' id='m${index}'><body>Hist!</body></message>`,
  )
  client.send(`${messages.join('')}<r xmlns='${NS_SM}'/>`)
  const [, h = ''] = await client.expect(/<a [^>]*?\bh='(10)'[^>]*>/)
  client.destroy()
  return { id, h }
}
