import { LoadClient } from '@tercet/testkit/load-client'
import { freePorts } from '@tercet/testkit'
import { expect, test, vi } from 'vitest'
import { Home } from '../cli/program.fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

const password = 'Rosencrantz-31'

/** A server that nobody but HTTPS gets to, and that finds another such server without DNS. */
function home(domain: string, port: number, other: { domain: string; port: number }, more = ''): Home {
  const found = `[[s2s.domain]]\nname = "${other.domain}"\nweb_socket = "wss://127.0.0.1:${other.port}/s2s"\n`
  return Home.of(domain, `http = ["127.0.0.1:${port}"]`, `[s2s]\nfederation = "open"\n${found}${more}`)
}

test('two servers talk over WebSockets alone, and tell how (XEP-0468)', async () => {
  const [one, two] = await freePorts(2)
  // The other one has no certificate to show when it comes to us.
  const trust = 'first_use = true\nauthentication = "dialback"\n'
  await using first = home('one.test', one!, { domain: 'two.test', port: two! }, trust)
  await using second = home('two.test', two!, { domain: 'one.test', port: one! })
  const [a, b] = [await first.start(), await second.start()]
  await first.run('account', 'add', 'romeo@one.test', '--password', password)
  await second.run('account', 'add', 'juliet@two.test', '--password', password)
  const login = (server: typeof a, domain: string, local: string) =>
    new LoadClient({ host: '127.0.0.1', port: server.port('c2s'), domain, local, password, tls: true }).login()
  const romeo = await login(a, 'one.test', 'romeo')
  const juliet = await login(b, 'two.test', 'juliet')
  for (const it of [romeo, juliet]) it.send('<presence/>')
  romeo.send("<message to='juliet@two.test' type='chat' id='m1'><body>Hist!</body></message>")
  await juliet.expect(/Hist!/)
  juliet.send("<message to='romeo@one.test' type='chat' id='m2'><body>My dear?</body></message>")
  await romeo.expect(/My dear\?/)

  const tried = await first.run('s2s', 'test', 'two.test')
  expect(tried).toMatchObject({ code: 0, stderr: '' })
  const address = `wss://127.0.0.1:${two!}/s2s`
  expect(tried.stdout).toContain(`ok  Connected to ${address}\n`)
  expect(tried.stdout).toContain(`ok  A stream opens from one.test to two.test at ${address}\n`)
  expect(tried.stdout).toMatch(/^ok {2}The stream is encrypted with TLSv1\.3/m)
  expect(tried.stdout).toMatch(/^ok {2}The certificate speaks for two\.test \(pin\)$/m)
  // The listener asks nobody for a certificate.
  expect(tried.stdout).toMatch(/^ok {2}two\.test believes that we are one\.test, by dialback$/m)
  expect(tried.stdout).toMatch(/^two\.test can be reached$/m)
  expect((await second.run('s2s', 'list')).stdout).toMatch(/^one\.test: connected, /m)
  for (const server of [a, b]) expect(await server.end()).toBe(0)
})

test('an address that nothing answers at is told', async () => {
  const [one, two] = await freePorts(2)
  await using first = home('one.test', one!, { domain: 'two.test', port: two! })
  const server = await first.start()
  const tried = await first.run('s2s', 'test', 'two.test')
  expect(tried.code).toBe(1)
  expect(tried.stdout).toContain(`--  wss://127.0.0.1:${two!}/s2s: Nothing listens at that address\n`)
  expect(await server.end()).toBe(0)
})
