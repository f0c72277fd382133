import { createHmac } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { startFixture, type Fixture } from '../fixture.ts'

const NS = "xmlns='urn:xmpp:extdisco:2'"
const services = [
  { host: 'stun.a.test', port: 3478, type: 'stun', transport: 'udp' },
  { host: 'turn.a.test', port: 3478, type: 'turn', transport: 'udp' },
  { host: 'turn.a.test', port: 5349, type: 'turns', transport: 'tcp' },
]
const start = (options: object): Promise<Fixture> => startFixture({ moduleOptions: { turn: options } })

afterEach(() => vi.useRealTimers())

test('services come with credentials that coturn computes alike (XEP-0215 §3.1)', async () => {
  await using fixture = await start({ services, secret: 'north wind', lifetime_seconds: 3600 })
  const romeo = await fixture.login('romeo@a.test/orchard')
  vi.useFakeTimers({ now: new Date('2026-11-26T12:00:00.700Z'), toFake: ['Date'] })
  const until = Date.parse('2026-11-26T13:00:00Z') / 1000
  const password = createHmac('sha1', 'north wind').update(`${until}:romeo`).digest('base64')
  const credentials = `username='${until}:romeo' password='${password}' expires='2026-11-26T13:00:00Z' restricted='true'`
  await romeo.asks(
    `<iq type='get' id='1' to='a.test'><services ${NS}/></iq>`,
    `<iq type='result' id='1'><services ${NS}>
       <service host='stun.a.test' port='3478' type='stun' transport='udp' username='{absent}'/>
       <service host='turn.a.test' port='3478' type='turn' transport='udp' ${credentials}/>
       <service host='turn.a.test' port='5349' type='turns' transport='tcp' ${credentials}/>
     </services></iq>`,
  )
})

test('one type, or one service, is told alone (§3.2, §3.3)', async () => {
  await using fixture = await start({ services, secret: 's' })
  const romeo = await fixture.login('romeo@a.test/orchard')
  const typed = await romeo.asks(
    `<iq type='get' id='1' to='a.test'><services ${NS} type='turns'/></iq>`,
    `<iq type='result' id='1'><services ${NS} type='turns'><service type='turns'/></services></iq>`,
  )
  expect(JSON.stringify(typed)).not.toContain('"stun"')
  await romeo.asks(
    `<iq type='get' id='2' to='a.test'><credentials ${NS}><service host='turn.a.test' type='turn'/></credentials></iq>`,
    `<iq type='result' id='2'><credentials ${NS}><service host='turn.a.test' type='turn' username='{any}' password='{any}'/></credentials></iq>`,
  )
  await romeo.asks(
    `<iq type='get' id='3' to='a.test'><credentials ${NS}><service host='turn.a.test' type='turn' port='1'/></credentials></iq>`,
    `<iq type='error' id='3'><error type='cancel'><item-not-found/></error></iq>`,
  )
})

test('a relay without a secret is told without credentials', async () => {
  await using fixture = await start({ services })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='get' id='1' to='a.test'><services ${NS} type='turn'/></iq>`,
    `<iq type='result' id='1'><services ${NS}><service type='turn' username='{absent}' password='{absent}'/></services></iq>`,
  )
})

test('accounts of other domains are told nothing, and learn no credentials', async () => {
  await using fixture = await startFixture({
    domains: ['a.test', 'b.test'],
    accounts: ['romeo@a.test', 'juliet@b.test'],
    moduleOptions: { turn: { services, secret: 's' } },
  })
  const juliet = await fixture.login('juliet@b.test/balcony')
  for (const request of [
    `<services ${NS}/>`,
    `<credentials ${NS}><service host='turn.a.test' type='turn'/></credentials>`,
  ])
    await juliet.asks(
      `<iq type='get' id='1' to='a.test'>${request}</iq>`,
      `<iq type='error' id='1'><error type='auth'><forbidden/></error></iq>`,
    )
})

test('without services nothing is advertised or answered', async () => {
  await using fixture = await startFixture()
  expect(fixture.server.hosts.get('a.test')!.features.has('urn:xmpp:extdisco:2')).toBe(false)
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='get' id='1' to='a.test'><services ${NS}/></iq>`,
    `<iq type='error' id='1'><error type='cancel'><service-unavailable/></error></iq>`,
  )
})

test.each([
  [{ services: [{ host: '', type: 'turn' }] }, 'modules.turn.services.0.host'],
  [{ services: [{ host: 'x', type: 'ftp' }] }, 'modules.turn.services.0.type'],
  [{ services: [{ host: 'x', type: 'turn', port: 0 }] }, 'modules.turn.services.0.port'],
  [{ lifetime_seconds: 1 }, 'modules.turn.lifetime_seconds'],
])('refused: %j', async (options, key) => {
  await expect(start(options)).rejects.toThrow(key)
})
