import { once } from 'node:events'
import { LoadClient } from '@tercet/testkit/load-client'
import { freePorts } from '@tercet/testkit'
import { expect, test, vi } from 'vitest'
import { Home, type RunningServer } from '../cli/program.fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

const password = 'Rosencrantz-31'

/** A server that finds the other one without DNS. */
function home(domain: string, port: number, other: { domain: string; port: number }, more = ''): Home {
  const found = `[[s2s.domain]]\nname = "${other.domain}"\ntarget = "127.0.0.1:${other.port}"\n`
  return Home.of(domain, `s2s = ["127.0.0.1:${port}"]`, found + more)
}

function client(server: RunningServer, domain: string, local: string): LoadClient {
  return new LoadClient({ host: '127.0.0.1', port: server.port('c2s'), domain, local, password, tls: true })
}

test('two servers talk, tell how, and lose nothing when one is killed', async () => {
  const [one, two] = await freePorts(2)
  await using first = home('one.test', one!, { domain: 'two.test', port: two! }, 'first_use = true\n')
  await using second = home('two.test', two!, { domain: 'one.test', port: one! })
  const a = await first.start()
  await first.run('account', 'add', 'romeo@one.test', '--password', password)

  // Nobody is there yet.
  const romeo = await client(a, 'one.test', 'romeo').login()
  romeo.send("<message to='juliet@two.test' type='chat' id='m1'><body>Before</body></message>")
  const alone = await first.run('s2s', 'test', 'two.test')
  expect(alone).toMatchObject({ code: 1, stderr: '' })
  expect(alone.stdout).toContain('two.test cannot be reached: Nothing listens at that address')
  a.child.kill('SIGKILL')
  await once(a.child, 'close')

  const b = await second.start()
  await second.run('account', 'add', 'juliet@two.test', '--password', password)
  const juliet = await client(b, 'two.test', 'juliet').login()
  juliet.send('<presence/>')
  const again = await first.start()
  await juliet.expect(/Before/)

  const tried = await first.run('s2s', 'test', 'two.test')
  expect(tried).toMatchObject({ code: 0, stderr: '' })
  expect(tried.stdout).toMatch(/^ok {2}The stream is encrypted with TLSv1\.3/m)
  expect(tried.stdout).toMatch(/^ok {2}The certificate speaks for two\.test \(pin\)$/m)
  expect(tried.stdout).toMatch(/^ok {2}two\.test believes that we are one\.test, by dialback$/m)
  expect(tried.stdout).toMatch(/^two\.test can be reached$/m)
  const listed = await first.run('s2s', 'list')
  expect(listed.stdout).toMatch(/^two\.test: connected, 0 waiting or unconfirmed$/m)
  expect(listed.stdout).toMatch(/one\.test → two\.test/)
  expect(listed.stdout).toMatch(/^two\.test: certificate [0-9a-f]{64} trusted since \d{4}-\d\d-\d\d$/m)
  expect((await first.run('status')).stdout).toMatch(/^federation +1 domains, \d streams, 0 stanzas/m)
  expect(await first.run('s2s', 'forget', 'two.test')).toMatchObject({ code: 0 })
  expect((await first.run('s2s', 'forget', 'two.test')).stderr).toBe(
    'tercet: No certificate of two.test was trusted on first use\n',
  )
  expect((await first.run('s2s', 'test', 'one.test')).stderr).toBe(
    'tercet: one.test is served here: it never leaves this server\n',
  )
  again.child.kill('SIGTERM')
  await once(again.child, 'close')
})

test('without federation its commands say what to set', async () => {
  await using place = new Home()
  const server = await place.start()
  expect((await place.run('s2s', 'list')).stderr).toBe('tercet: Federation is off: set listen.s2s, or s2s.federation\n')
  expect((await place.run('status')).stdout).toMatch(/^federation +off$/m)
  server.child.kill('SIGTERM')
  await once(server.child, 'close')
})
