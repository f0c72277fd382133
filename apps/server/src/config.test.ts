import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { standardModules } from '@tercet/server/modules'
import { z } from 'zod'
import { expect, test } from 'vitest'
import { ConfigError, loadConfig, parseConfig, warnings } from './config.ts'
import { schema } from './schema.ts'

function problems(source: string): readonly string[] {
  try {
    parseConfig(source, 'tercet.toml')
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test.each<[string, string, string]>([
  ['not TOML', 'data = ', 'tercet.toml:1: not valid TOML: '],
  ['a key given twice', 'data = "a"\ndata = "b"', 'tercet.toml:2: not valid TOML: '],
  ['an unknown key', '\nfoo = 1', 'tercet.toml:2: foo: unknown key, expected one of data, host, listen, '],
  ['an unknown table', '[storage]\nx = 1', 'tercet.toml:1: storage: unknown key, expected one of data, '],
  ['data of another type', 'data = 5', 'tercet.toml:1: data: expected a folder, such as "./data", got 5'],
  ['an empty folder name', 'data = ""', 'tercet.toml:1: data: expected a folder, such as "./data", got ""'],
  [
    'a host that is a table',
    '[host]\nname = "a"',
    'tercet.toml:1: host: expected tables written as [[host]], got a table',
  ],
  ['no host', 'host = []', 'tercet.toml:1: host: expected at least one [[host]], got a list'],
  [
    'a host without a name',
    '[[host]]',
    'tercet.toml:1: host[0].name: expected a domain, such as "example.org", but it is missing',
  ],
  [
    'a name with a localpart',
    '[[host]]\nname = "a@b"',
    'tercet.toml:2: host[0].name: expected a domain, such as "example.org", got "a@b"',
  ],
  [
    'a name that is no domain',
    '[[host]]\nname = "a b"',
    'tercet.toml:2: host[0].name: expected a domain, such as "example.org", got "a b"',
  ],
  [
    'a host twice',
    '[[host]]\nname = "a.b"\n[[host]]\nname = "A.B"',
    'tercet.toml:4: host[1].name: expected each host once, got "A.B"',
  ],
  ['no port', '[listen]\nc2s = ["x"]', 'tercet.toml:2: listen.c2s[0]: expected "address:port", got "x"'],
  [
    'a bad element on its own line',
    '[listen]\nc2s = [\n"127.0.0.1:1",\n"x"]',
    'tercet.toml:4: listen.c2s[1]: expected "address:port", got "x"',
  ],
  [
    'a port too high',
    '[listen]\nhttp = ["127.0.0.1:65536"]',
    'tercet.toml:2: listen.http[0]: expected "address:port", got "127.0.0.1:65536"',
  ],
  [
    'IPv6 without brackets',
    '[listen]\nc2s_tls = ["::1:5223"]',
    'tercet.toml:2: listen.c2s_tls[0]: expected "address:port", got "::1:5223"',
  ],
  [
    'no list',
    '[listen]\nc2s = "127.0.0.1:1"',
    'tercet.toml:2: listen.c2s: expected a list of "address:port", got "127.0.0.1:1"',
  ],
  ['a number in the list', '[listen]\nc2s = [5222]', 'tercet.toml:2: listen.c2s[0]: expected "address:port", got 5222'],
  [
    'a certificate without its key',
    '[tls]\ncertificate = "c.pem"',
    'tercet.toml:1: tls.key: expected a PEM file, but it is missing',
  ],
  ['yes in words', '[c2s]\nrequire_tls = "yes"', 'tercet.toml:2: c2s.require_tls: expected true or false, got "yes"'],
  [
    'no time to log in',
    '[c2s]\nlogin_seconds = 0',
    'tercet.toml:2: c2s.login_seconds: expected a whole number from 1 to 3600, got 0',
  ],
  [
    'few rounds',
    '[auth]\niterations = 1',
    'tercet.toml:2: auth.iterations: expected a whole number from 4096 to 10000000, got 1',
  ],
  [
    'stanzas too small for RFC 6120 §13.12',
    '[limits]\nstanza_bytes = 9999',
    'tercet.toml:2: limits.stanza_bytes: expected a whole number from 10000, got 9999',
  ],
  ['a fraction', '[limits]\ndepth = 10.5', 'tercet.toml:2: limits.depth: expected a whole number from 10, got 10.5'],
  [
    'a limit misspelt',
    '[limits]\nstanza_byte = 10000',
    'tercet.toml:2: limits.stanza_byte: unknown key, expected one of stanza_bytes, depth, ',
  ],
  [
    'an unknown module',
    '[modules.registr]\nopen = true',
    'tercet.toml:1: modules.registr: unknown key, expected one of ',
  ],
  [
    'an option of a module without options',
    '[modules.message]\nx = 1',
    'tercet.toml:2: modules.message.x: unknown key, expected no keys here',
  ],
  [
    'an option of a module',
    '[modules.register]\nopen = 1',
    'tercet.toml:2: modules.register.open: expected boolean, got 1',
  ],
  [
    'an option that a module does not know',
    '[modules.register]\nopne = true',
    'tercet.toml:2: modules.register.opne: unknown key',
  ],
  [
    'too little of something',
    '[modules.register]\nper_hour = 0',
    'tercet.toml:2: modules.register.per_hour: expected number to be >0, got 0',
  ],
])('refused with file, line, key and what was expected: %s', (_, source, problem) => {
  expect(problems(source)).toHaveLength(1)
  expect(problems(source)[0]).toContain(problem)
})

test('all problems are told at once, in the order of their lines', () => {
  expect(
    problems('[limits]\ndepth = 1\nx = 2\n[auth]\niterations = 1\n[c2s]\ny = 1').map(text => text.split(':')[1]),
  ).toEqual(['2', '3', '5', '7'])
})

test('the error of an unknown module lists the known ones', () => {
  expect(problems('[modules.x]')[0]).toMatch(/message, .*offline, .*presence.*register/)
})

test('a configuration is read completely', () => {
  const config = parseConfig(
    `data = "d"
[[host]]
name = "EXAMPLE.org"
[listen]
c2s = ["*:5222", "[::1]:0"]
http = ["localhost:80"]
[tls]
certificate = "c.pem"
key = "/k.pem"
[c2s]
require_tls = false
login_seconds = 5
sasl_attempts = 3
[auth]
iterations = 4096
[limits]
stanza_bytes = 20000
unacknowledged = 7
idle_seconds = 2
resume_seconds = 0
`,
    '/etc/tercet/tercet.toml',
  )
  expect(config).toMatchObject({
    data: '/etc/tercet/d',
    hosts: ['example.org'],
    listensByDefault: false,
    listen: {
      c2s: [
        { address: undefined, port: 5222 },
        { address: '::1', port: 0 },
      ],
      c2sTls: [],
      s2s: [],
      http: [{ address: 'localhost', port: 80 }],
    },
    tls: { certificate: '/etc/tercet/c.pem', key: '/k.pem' },
    requireTls: false,
    iterations: 4096,
    limits: { stanzaBytes: 20_000, maxUnconfirmed: 7, idleMs: 2000, resumeMs: 0, loginMs: 5000, loginFailures: 3 },
  })
  expect(warnings(config)).toEqual([expect.stringContaining('c2s.require_tls is false')])
})

test('without a file: localhost, this machine alone, data in ./data', () => {
  const config = loadConfig(undefined)
  expect(config).toMatchObject({
    hosts: ['localhost'],
    data: join(process.cwd(), 'data'),
    requireTls: true,
    iterations: 10_000,
  })
  expect(config.listen.c2s).toEqual([
    { address: '127.0.0.1', port: 5222 },
    { address: '::1', port: 5222 },
  ])
  expect(config.listen.c2sTls.map(({ port }) => port)).toEqual([5223, 5223])
  expect(config.listen.http.map(({ port }) => port)).toEqual([5280, 5280])
  expect(config.limits.loginMs).toBe(30_000)
  expect(warnings(config)).toEqual([])
})

test('s2s is accepted with a warning', () => {
  expect(warnings(parseConfig('[listen]\ns2s = ["*:5269"]', undefined))).toEqual([
    expect.stringContaining('listen.s2s'),
  ])
})

test('a file that is not there is named', () => {
  expect(() => loadConfig('/nowhere/tercet.toml')).toThrow(
    '/nowhere/tercet.toml: cannot be read: there is no such file',
  )
})

const example = readFileSync(new URL('../tercet.example.toml', import.meta.url), 'utf8')

test('the example holds as it is, and means the defaults', () => {
  const { file: _, ...config } = parseConfig(example, undefined)
  expect(config).toEqual({ ...loadConfig(undefined), file: undefined } satisfies typeof config & { file: undefined })
})

test('each setting of the example holds, is the default, and none is missing', () => {
  const source = example.replace(/^#(?=[[a-z])/gm, '')
  const config = parseConfig(source, undefined)
  const plain = loadConfig(undefined)
  expect(config).toMatchObject({
    ...plain,
    listensByDefault: false,
    tls: { certificate: '/etc/letsencrypt/live/example.org/fullchain.pem' },
    modules: { register: { open: false } },
  })
  for (const [name, part] of Object.entries(schema.shape)) {
    expect(source).toMatch(new RegExp(`^\\[*${name}\\b`, 'm'))
    const inner = unwrap(part)
    if (inner instanceof z.ZodObject && name !== 'modules')
      for (const key of Object.keys(inner.shape)) expect(source).toMatch(new RegExp(`^${key} = `, 'm'))
  }
  for (const { name, options } of standardModules) {
    if (!(options instanceof z.ZodObject)) continue
    expect(source).toContain(`[modules.${name}]`)
    for (const key of Object.keys(options.shape)) expect(source).toMatch(new RegExp(`^${key} = `, 'm'))
  }
})

function unwrap(part: z.core.$ZodType): z.core.$ZodType {
  return part instanceof z.ZodOptional || part instanceof z.ZodPrefault ? unwrap(part.unwrap()) : part
}
