import { request } from 'node:http'
import { expect, test } from 'vitest'
import { killRuns } from './kill.ts'
import { Ledger } from './ledger.ts'
import { Party } from './party.ts'
import { ServerProcess } from './server-process.ts'
import { until } from './within.ts'

test('SIGTERM under load: peers hear system-shutdown, the server ends well, nothing that was acknowledged is lost', async () => {
  const ledger = await killRuns({
    rounds: 3,
    signal: 'SIGTERM',
    ended: async (parties, code) => {
      expect(code).toBe(0)
      // The one that does not read hears nothing.
      const readers = parties.filter(({ kind }) => kind !== 'stuck')
      await until(10_000, 'Streams are closed', () => readers.every(({ closed }) => closed))
      for (const { streamError } of readers) expect(streamError).toContain('<system-shutdown ')
    },
  })
  console.log(`SIGTERM, 3 times: ${String(ledger)}`)
  expect(ledger.lost).toEqual([])
  expect(ledger).toMatchObject({ disorder: 0, strange: [] })
})

test('a server comes back with a second domain, and both deliver what was acknowledged', async () => {
  const ledger = new Ledger()
  await using server = await ServerProcess.prepare([{ local: 'romeo' }, { local: 'juliet' }])
  const romeo = new Party('romeo', 'managed', ledger, { peers: ['juliet', 'nurse@b.test'] })
  const juliet = new Party('juliet', 'managed', ledger)
  const nurse = new Party('nurse', 'managed', ledger, { domain: 'b.test' })
  const sendSome = async (): Promise<void> => {
    const wanted = ledger.acknowledged.size + 40
    await romeo.connect(server)
    romeo.go()
    await until(20_000, 'Messages are acknowledged', () => ledger.acknowledged.size >= wanted)
    romeo.rest()
    romeo.ask()
    await until(20_000, 'All messages are acknowledged', () => romeo.unacknowledged === 0)
    ledger.ending()
    expect(await server.kill('SIGTERM')).toBe(0)
    ledger.ended()
  }
  await server.start()
  await sendSome()
  // Half of them were for a domain that nobody serves yet.
  expect(romeo.errors.length).toBeGreaterThan(0)
  expect(romeo.errors.every(error => error.includes('b.test'))).toBe(true)
  server.addDomain('b.test')
  await server.addAccounts([{ local: 'nurse', domain: 'b.test' }])
  await server.start()
  const refused = ledger.refused.size
  await sendSome()
  await server.start()
  await Promise.all([juliet.connect(server), nurse.connect(server)])
  await until(20_000, 'Everything is delivered', () => ledger.lost.length === 0)
  expect(ledger).toMatchObject({ disorder: 0, strange: [] })
  expect(ledger.refused.size).toBe(refused)
  for (const party of [romeo, juliet, nurse]) party.disconnect()
})

test('whoever is here by a WebSocket or by BOSH hears system-shutdown as well', async () => {
  await using server = await ServerProcess.prepare([], { http: true })
  await server.start()
  const at = `127.0.0.1:${server.httpPort}`
  await until(10_000, 'It listens for HTTP', async () => {
    try {
      return (await fetch(`http://${at}/`)).status > 0
    } catch {
      return false
    }
  })
  const socket = new WebSocket(`ws://${at}/ws`, 'xmpp')
  const said: string[] = []
  socket.addEventListener('message', ({ data }) => said.push(String(data)))
  await new Promise(resolve => socket.addEventListener('open', resolve))
  socket.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.test' version='1.0'/>")
  const begun = await post(server, "to='a.test' rid='1' ver='1.6' hold='1' wait='60' xmpp:version='1.0'").answer
  const poll = post(server, `rid='2' sid='${/sid='([^']+)'/.exec(begun)?.[1]}'`)
  await poll.sent
  // Read after the request that waits.
  await fetch(`http://${at}/`)
  await until(10_000, 'The WebSocket is open', () => said.some(text => text.includes('features')))
  const closed = new Promise(resolve => socket.addEventListener('close', resolve))
  expect(await server.kill('SIGTERM')).toBe(0)
  await closed
  expect(said.at(-2)).toContain('<system-shutdown ')
  expect(said.at(-1)).toMatch(/^<close /)
  expect(await poll.answer).toMatch(/type='terminate'.*<system-shutdown /s)
})

/** A request of BOSH, on a connection of its own. */
function post(
  { httpPort: port }: ServerProcess,
  attributes: string,
): { sent: Promise<unknown>; answer: Promise<string> } {
  const outgoing = request({ host: '127.0.0.1', port, method: 'POST', path: '/bosh', agent: false })
  const answer = new Promise<string>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', incoming => {
      let text = ''
      incoming.on('data', chunk => (text += String(chunk)))
      incoming.on('end', () => resolve(text))
    })
  })
  const sent = new Promise(resolve => outgoing.once('finish', resolve))
  outgoing.end(`<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' ${attributes}/>`)
  // Whoever waits for the answer hears of it.
  answer.catch(() => undefined)
  return { sent, answer }
}
