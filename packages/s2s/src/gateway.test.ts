import { expect, test } from 'vitest'
import { Network, type Home } from './network.fixture.ts'

const hist = "<message from='romeo@a.test/x' to='juliet@b.test' type='chat' id='m1'><body>Hist!</body></message>"

test('two gateways talk: TLS, a certificate, and the answer back', async () => {
  await using network = new Network()
  const a = network.home('a.test')
  const b = network.home('b.test')
  a.sends(hist)
  await b.receives(hist)
  b.sends("<message from='juliet@b.test' to='romeo@a.test/x' id='m2'><body>Who is it?</body></message>")
  await a.receives("<message from='juliet@b.test' to='romeo@a.test/x' id='m2'><body>Who is it?</body></message>")
  expect(network.dials).toEqual(['a.test → b.test'])
  expect(a.gateway.list()).toMatchObject([
    {
      domain: 'b.test',
      state: 'connected',
      streams: [{ direction: 'both', proof: 'external', certificate: 'pkix', confirmation: 'stream management' }],
    },
  ])
})

test.each([
  ['certificates', 'each'],
  ['dialback', 'self-made'],
])('two gateways that connect to each other at once keep what they have made, by %s', async (way, certificate) => {
  await using network = new Network()
  const [a, b] = ['a.test', 'b.test'].map(domain =>
    network.home(domain, { certificate: certificate === 'each' ? domain : certificate }),
  ) as [Home, Home]
  const back = (id: string) => `<message from='juliet@b.test' to='romeo@a.test/x' id='${id}'><body>Ay</body></message>`
  a.sends(hist)
  b.sends(back('m1'))
  await a.receives(back('m1'))
  await b.receives(hist)
  const { dials } = network
  const made = dials.length
  for (const id of ['m2', 'm3']) {
    a.sends(hist)
    b.sends(back(id))
    await a.receives(back(id))
    await b.receives(hist)
  }
  expect(dials).toHaveLength(made)
  expect([a.arrived, b.arrived]).toEqual([[], []])
  expect(dials.filter(dial => dial === 'a.test → b.test').length).toBeLessThanOrEqual(way === 'dialback' ? 2 : 1)
})

test('two gateways talk by dialback where certificates prove nothing', async () => {
  await using network = new Network()
  const a = network.home('a.test', { certificate: 'self-made' })
  const b = network.home('b.test', { certificate: 'self-made' })
  a.sends(hist)
  await b.receives(hist)
  expect(network.dials).toEqual(['a.test → b.test', 'b.test → a.test'])
})
