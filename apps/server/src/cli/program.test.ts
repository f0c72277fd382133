import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect as connectTls } from 'node:tls'
import { LoadClient } from '@tercet/testkit/load-client'
import { selfSigned } from '@tercet/net'
import { expect, test, vi } from 'vitest'
import { program } from './program.ts'
import { Home, type RunningServer } from './program.fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

const password = 'Rosencrantz-31'

function client(
  server: RunningServer,
  local: string,
  options: { password?: string; mechanism?: string } = {},
): LoadClient {
  return new LoadClient({
    host: '127.0.0.1',
    port: server.port('c2s'),
    domain: 'a.test',
    local,
    password,
    tls: true,
    ...options,
  })
}

test('accounts, status, backup, stop and restore, while the server runs', async () => {
  await using home = new Home()
  const pidFile = join(home.folder, 'tercet.pid')
  const server = await home.start('--pid-file', pidFile, '--log-level', 'trace')
  const { pid } = server.child
  expect(readFileSync(pidFile, 'utf8')).toBe(`${pid ?? 0}\n`)

  expect(await home.run('account', 'add', 'Alice@a.test', '--password', password)).toEqual({
    code: 0,
    stdout: 'alice@a.test was added\n',
    stderr: '',
  })
  await home.run('account', 'add', 'bob@a.test', '--password', password)
  const alice = await client(server, 'alice', { mechanism: 'PLAIN' }).login()
  const bob = await client(server, 'bob').login()
  alice.send("<message to='bob@a.test' type='chat'><body>Before the backup</body></message>")
  await bob.expect(/Before the backup/)

  const text = await home.run('status')
  expect(text.stdout).toMatch(/^sessions +2 /m)
  expect(text.stdout).toMatch(/^RSS +[\d.]+ MiB$/m)
  const status = JSON.parse((await home.run('status', '--json')).stdout) as Record<string, unknown>
  expect(status).toMatchObject({
    pid,
    sessions: 2,
    streams: 2,
    backlog: 0,
    hosts: ['a.test', 'b.test'],
    writable: true,
  })
  for (const key of ['rssBytes', 'commitP99Ms', 'uptimeSeconds', 'commits']) expect(status[key]).toBeTypeOf('number')

  const copy = join(home.folder, 'copy.db')
  expect((await home.run('backup', copy)).code).toBe(0)
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  await home.run('account', 'add', 'later@a.test', '--password', password)

  const stopped = await home.run('stop')
  expect(stopped).toEqual({ code: 0, stdout: `The server (pid ${pid ?? 0}) has stopped\n`, stderr: '' })
  await alice.expect(/<system-shutdown /)
  expect(await server.exited).toBe(0)
  expect(existsSync(pidFile)).toBe(false)
  expect((await home.run('stop')).stderr).toMatch(/No server is running on .*data/)
  expect((await home.run('status')).code).toBe(1)

  // No password, neither as it is nor as PLAIN sends it; each line about a stream names it.
  expect(server.stdout).not.toContain(password)
  expect(server.stdout).not.toContain(Buffer.from(`\0alice\0${password}`).toString('base64'))
  for (const line of server.lines) if (/stream|login/i.test(line.msg)) expect(line).toHaveProperty('stream')

  await using restored = new Home()
  mkdirSync(join(restored.folder, 'data'), { mode: 0o700 })
  copyFileSync(copy, join(restored.folder, 'data', 'tercet.db'))
  expect((await restored.run('account', 'list')).stdout).toBe('alice@a.test\nbob@a.test\n')
  const again = await restored.start()
  const back = await client(again, 'alice').login()
  back.destroy()
  expect(await again.end()).toBe(0)
})

test('accounts without a server', async () => {
  await using home = new Home()
  const added = await home.run('account', 'add', 'alice@a.test')
  const generated = /^alice@a\.test was added\nIts password is ([a-z2-9]{20})\n$/.exec(added.stdout)?.[1]
  expect(generated).toBeDefined()
  expect(await home.run('account', 'add', 'bob@b.test', '--password', password)).toMatchObject({ code: 0 })
  expect(await home.run('account', 'list')).toEqual({ code: 0, stdout: 'alice@a.test\nbob@b.test\n', stderr: '' })

  for (const [args, text] of [
    [['add', 'alice@a.test', '--password', 'x'], 'tercet: alice@a.test exists already\n'],
    [
      ['add', 'carol@c.test', '--password', 'x'],
      'tercet: c.test is not a host of this server, which serves a.test, b.test\n',
    ],
    [['add', 'a.test', '--password', 'x'], 'tercet: "a.test" is not an address like name@domain\n'],
    [['add', 'carol@a.test', '--password', ''], 'tercet: The password is empty\n'],
    [['passwd', 'carol@a.test', '--password', 'x'], 'tercet: There is no account carol@a.test\n'],
    [['remove', 'carol@a.test'], 'tercet: There is no account carol@a.test\n'],
  ] as const)
    expect(await home.run('account', ...args)).toEqual({ code: 1, stdout: '', stderr: text })

  const server = await home.start()
  const alice = await client(server, 'alice', { password: generated ?? '' }).login()
  expect((await home.run('account', 'passwd', 'alice@a.test', '--password', password)).code).toBe(0)
  await expect(client(server, 'alice', { password: generated ?? '', mechanism: 'PLAIN' }).login()).rejects.toThrow()
  const other = await client(server, 'alice', { mechanism: 'PLAIN' }).login()
  expect((await home.run('account', 'remove', 'alice@a.test')).stdout).toBe('alice@a.test was removed\n')
  await Promise.all([alice.expect(/<not-authorized /), other.expect(/<not-authorized /)])
  await expect(client(server, 'alice', { mechanism: 'PLAIN' }).login()).rejects.toThrow()
  expect((await home.run('account', 'list')).stdout).toBe('bob@b.test\n')
  expect(await server.end()).toBe(0)
})

test.each(['without a server', 'while the server runs'])(
  'a list of accounts is imported %s; bad lines are named',
  async where => {
    await using home = new Home()
    const server = where.startsWith('while') ? await home.start() : undefined
    const rows = Array.from({ length: 250 }, (_, index) => `user${index}@a.test,${password}`)
    const file = home.write(
      'list.csv',
      ['jid,password', ...rows, 'nonsense', 'x@c.test,y', '', 'user0@a.test,new', '"z@b.test","a,""b"'].join('\n'),
    )
    const ended = await home.run('account', 'import', file)
    expect(ended.stdout).toBe('251 added, 1 changed, 2 refused\n')
    expect(ended.stderr).toBe(
      `${file}:252: expected jid,password\n${file}:253: c.test is not a host of this server, which serves a.test, b.test\n`,
    )
    expect(ended.code).toBe(1)
    expect((await home.run('account', 'list')).stdout.split('\n')).toHaveLength(252)
    expect((await home.run('account', 'import', '/nowhere.csv')).stderr).toMatch(
      /^tercet: \/nowhere\.csv cannot be read: /,
    )
    if (server) {
      const user = await client(server, 'user0', { password: 'new' }).login()
      user.destroy()
      expect(await server.end('SIGINT')).toBe(0)
    }
  },
)

test('check prints ok, or everything that is wrong', async () => {
  await using home = new Home()
  expect(await home.run('check')).toEqual({ code: 0, stdout: 'ok\n', stderr: '' })
  const bad = home.write('bad.toml', '[listen]\nc2s = ["x"]\n[limits]\ndepth = "deep"\n')
  const text = `${bad}:2: listen.c2s[0]: expected "address:port", got "x"\n${bad}:4: limits.depth: expected a whole number from 10, got "deep"\n`
  for (const verb of ['check', 'start'])
    expect(await home.runAs([verb, '--config', bad])).toEqual({ code: 1, stdout: '', stderr: text })
  const careless = home.write('careless.toml', '[c2s]\nrequire_tls = false\n')
  expect(await home.runAs(['check', '--config', careless])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^warning: c2s.require_tls/) as string,
  })
  const files = home.write('files.toml', '[tls]\ncertificate = "c.pem"\nkey = "k.pem"\n')
  expect((await home.runAs(['check', '--config', files])).stderr).toMatch(/c\.pem cannot be read/)
})

test('a taken port is named with its holder and the option that changes it', async () => {
  await using first = new Home()
  const server = await first.start()
  for (const option of ['c2s', 'c2s_tls', 'http']) {
    await using home = new Home(`[listen]\n${option} = ["127.0.0.1:${server.port(option)}"]`)
    const ended = await home.runAs(['start', '--config', home.config])
    expect(ended.code).toBe(1)
    expect(ended.stderr).toBe(
      `tercet: Cannot listen on 127.0.0.1:${server.port(option)}: the port is in use by pid ${server.child.pid ?? 0} (tercet). Set listen.${option} in ${home.config} to listen elsewhere\n`,
    )
  }
})

test('a data folder has one server, whose pid the error names; commands go through it', async () => {
  await using home = new Home()
  const server = await home.start()
  const second = await home.runAs(['start', '--config', home.config])
  expect(second.code).toBe(1)
  expect(second.stderr).toMatch(new RegExp(`^tercet: .*data is in use by process ${server.child.pid ?? 0}: `))
  expect((await home.run('account', 'add', 'x@a.test', '--password', 'x')).code).toBe(0)
})

test('data of a newer release is refused', async () => {
  await using home = new Home()
  await home.run('account', 'list')
  const db = new DatabaseSync(join(home.folder, 'data', 'tercet.db'))
  db.exec('PRAGMA user_version = 99')
  db.close()
  for (const args of [['start'], ['account', 'list']]) {
    const ended = await home.run(...args)
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/^tercet: .*tercet\.db has schema 99 of a newer release/)
  }
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s while it starts ends it in order', async signal => {
  await using home = new Home()
  const server = home.launch('start')
  await server.until(
    ({ msg }) => msg === 'Listening' || msg === 'A certificate was made; clients will ask whether to trust it',
  )
  expect(await server.end(signal)).toBe(0)
  expect(server.stderr).toBe('')
  expect(server.lines.at(-1)?.msg).toBe('Stopped')
})

test.each([
  [['start', '--pid-file', '/nowhere/pid'], /^tercet: \/nowhere\/pid cannot be written: ENOENT/],
  [['backup', '/nowhere/copy.db'], /^tercet: The backup to \/nowhere\/copy.db failed: ./],
])('what cannot be written is named with the reason: %j', async (args, text) => {
  await using home = new Home()
  expect(await home.run(...args)).toMatchObject({ code: 1, stderr: expect.stringMatching(text) as string })
})

test('a second signal ends at once', async () => {
  await using home = new Home()
  const server = await home.start()
  // A stream that does not close keeps the first one waiting for some seconds.
  const socket = connect({ port: server.port('c2s'), host: '127.0.0.1', allowHalfOpen: true })
  socket.write(
    "<?xml version='1.0'?><stream:stream to='a.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
  )
  await once(socket, 'data')
  server.child.kill('SIGTERM')
  await server.until(({ msg }) => msg === 'Stopping')
  const sinceMs = performance.now()
  const again = setInterval(() => server.child.kill('SIGINT'), 100)
  expect(await server.exited).toBe(130)
  clearInterval(again)
  // One key press arrives twice below a package manager: that is not a second one.
  expect(performance.now() - sinceMs).toBeGreaterThan(800)
  socket.destroy()
})

test('SIGHUP takes new certificates in place', async () => {
  const [old, young] = [selfSigned({ domains: ['a.test', 'b.test'] }), selfSigned({ domains: ['a.test', 'b.test'] })]
  await using home = new Home('[tls]\ncertificate = "c.pem"\nkey = "k.pem"')
  const use = ({ cert, key }: { cert: string; key: string }): void => {
    home.write('c.pem', cert)
    home.write('k.pem', key)
  }
  use(old)
  const server = await home.start()
  const served = async (option: string): Promise<string | undefined> => {
    const socket = connectTls({ port: server.port(option), host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const certificate = socket.getPeerX509Certificate()?.toString()
    socket.destroy()
    return certificate
  }
  expect(await served('c2s_tls')).toBe(old.cert)
  use(young)
  server.child.kill('SIGHUP')
  await server.until(({ msg }) => msg === 'A new certificate is in use')
  for (const option of ['c2s_tls', 'http']) expect(await served(option)).toBe(young.cert)
})

test('without any configuration: localhost on the default ports, or the port that is taken', async () => {
  await using home = new Home()
  const server = await home.startAs(['start']).catch((error: unknown) => error as Error)
  if (server instanceof Error) {
    expect(server.message).toMatch(
      /^tercet: Cannot listen on .*:(5222|5223|5280): the port is in use.*\. Set listen\.(c2s|c2s_tls|http) in a configuration file \(tercet start --config FILE\)/,
    )
    return
  }
  const line = server.lines.find(({ link }) => link !== undefined)
  expect(line?.['command']).toBe('npx --yes pnpm@12 --silent tercet account add NAME@localhost')
  expect(line?.['link']).toMatch(/^http:\/\/127\.0\.0\.1:5280\/invite\/[\w-]{22}$/)
  for (const option of ['c2s', 'c2s_tls', 'http']) expect([5222, 5223, 5280]).toContain(server.port(option))
  expect(existsSync(join(home.folder, 'data', 'certificate.pem'))).toBe(true)
  expect((await fetch(String(line?.['link']))).status).toBe(200)
  expect((await home.runAs(['account', 'add', 'me@localhost', '--password', 'x'])).code).toBe(0)
  expect((await fetch(String(line?.['link']))).status).toBe(410)
  expect(await server.end('SIGINT')).toBe(0)
})

test('an invitation is made, listed, used by who has the link, and taken back', async () => {
  await using home = new Home()
  const server = await home.start()
  const made = await home.run('invite', 'create', '--host', 'b.test', '--uses', '2')
  const [link = '', uri = ''] = made.stdout.split('\n')
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/invite\/[\w-]{22}$/)
  expect(uri).toBe(`xmpp:b.test?register;preauth=${link.split('/').at(-1)!}`)
  const page = await fetch(link)
  expect(await page.text()).toContain('Make an account on b.test')
  const { stdout } = await home.run('invite', 'list')
  const line = stdout.split('\n').find(text => text.includes('b.test'))
  expect(line).toMatch(/^[\da-f]{8} b\.test account until .* 2 uses$/)
  expect((await home.run('invite', 'revoke', line?.split(' ')[0] ?? '')).code).toBe(0)
  expect((await fetch(link)).status).toBe(410)
  for (const args of [
    ['--host', 'c.test'],
    ['--contact', 'nobody@a.test'],
    ['--group', 'None'],
    ['--username', 'a b'],
  ])
    expect((await home.run('invite', 'create', ...args)).stderr).toMatch(/^tercet: /)
  expect(await server.end('SIGTERM')).toBe(0)
})

test('help tells all commands', () => {
  const { commands } = program(() => Promise.reject(new Error('Not to be called')))
  const all = program(() => Promise.reject(new Error('Not to be called'))).helpInformation()
  for (const verb of [
    'start',
    'check',
    'account add',
    'account list',
    'account passwd',
    'account remove',
    'account import',
    'invite create',
    'invite list',
    'invite revoke',
    'push show',
    'push test',
    'report list',
    'backup',
    'stop',
    'status',
  ])
    expect(all).toContain(`\n  ${verb} `)
  for (const verb of commands.flatMap(command => (command.commands.length > 0 ? command.commands : [command])))
    expect(verb.helpInformation()).toContain('--config <file>')
})

test.each([[['nonsense']], [['start', '--nonsense']], [['account', 'add']]])(
  'a mistake ends with code 1: %j',
  async args => {
    await using home = new Home()
    const ended = await home.runAs(args)
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/^error: /)
  },
)
