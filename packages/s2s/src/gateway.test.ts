import { expect, test } from 'vitest'
import { Network } from './network.fixture.ts'

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

test('two gateways talk by dialback where certificates prove nothing', async () => {
  await using network = new Network()
  const a = network.home('a.test', { certificate: 'self-made' })
  const b = network.home('b.test', { certificate: 'self-made' })
  a.sends(hist)
  await b.receives(hist)
  expect(network.dials).toEqual(['a.test → b.test', 'b.test → a.test'])
})
