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
  ['an unknown key', '\nfoo = 1', 'tercet.toml:2: foo: unknown key, expected one of data, host, component, listen, '],
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
  [
    'guests in words',
    '[[host]]\nname = "a"\nanonymous = "yes"',
    'tercet.toml:3: host[0].anonymous: expected true or false, got "yes"',
  ],
  [
    'no issuer',
    '[[host]]\nname = "a"\n[host.oauth]\naudience = "x"\njwks = "k.json"',
    'tercet.toml:3: host[0].oauth.issuer: expected the "iss" of tokens, but it is missing',
  ],
  [
    'keys that come unprotected',
    '[[host]]\nname = "a"\n[host.oauth]\nissuer = "i"\naudience = "x"\njwks = "http://id/keys"',
    'tercet.toml:6: host[0].oauth.jwks: expected a file, or an address that begins with "https://", got "http://id/keys"',
  ],
  [
    'a bucket nowhere',
    '[uploads.s3]\nendpoint = "s3.test"\nbucket = "b-1"\naccess_key = "a"\nsecret_key = "s"',
    'tercet.toml:2: uploads.s3.endpoint: expected an https address without a path, such as "https://chat.example.org", got "s3.test"',
  ],
  [
    'a bucket without a secret',
    '[uploads.s3]\nendpoint = "https://s3.test"\nbucket = "b-1"\naccess_key = "a"',
    'tercet.toml:1: uploads.s3.secret_key: expected either secret_key or secret_key_file, but it is missing',
  ],
  [
    'a bucket with two secrets',
    '[uploads.s3]\nendpoint = "https://s3.test"\nbucket = "b-1"\naccess_key = "a"\nsecret_key = "s"\nsecret_key_file = "f"',
    'tercet.toml:5: uploads.s3.secret_key: expected either secret_key or secret_key_file, got "s"',
  ],
  [
    'a path for a bucket',
    '[uploads.s3]\nendpoint = "https://s3.test"\nbucket = "B/1"\naccess_key = "a"\nsecret_key = "s"',
    'tercet.toml:3: uploads.s3.bucket: expected the name of a bucket, got "B/1"',
  ],
  [
    'a prefix with blanks',
    '[uploads.s3]\nendpoint = "https://s3.test"\nbucket = "b-1"\naccess_key = "a"\nsecret_key = "s"\nprefix = "a b"',
    'tercet.toml:6: uploads.s3.prefix: expected letters, digits and "._/-", such as "uploads/", got "a b"',
  ],
  [
    'certificates of nobody',
    '[auth.certificates]',
    'tercet.toml:1: auth.certificates.ca: expected a PEM file, but it is missing',
  ],
  [
    'no fingerprint',
    '[auth.certificates]\nca = "c"\n[auth.certificates.accounts]\nab = "romeo@a"',
    'tercet.toml:4: auth.certificates.accounts.ab: ',
  ],
  [
    'no account',
    `[auth.certificates]\nca = "c"\n[auth.certificates.accounts]\n${'a'.repeat(64)} = "a"`,
    `tercet.toml:4: auth.certificates.accounts.${'a'.repeat(64)}: expected an account, such as "romeo@example.org", got "a"`,
  ],
  [
    'a component that is a host',
    '[[host]]\nname = "a.b"\n[[component]]\nname = "A.B"\nsecret = "s"',
    'tercet.toml:4: component[0].name: expected a domain that is no [[host]], got "A.B"',
  ],
  [
    'a component that is the host of a server without one',
    '[[component]]\nname = "localhost"\nsecret = "s"',
    'tercet.toml:2: component[0].name: expected a domain that is no [[host]], got "localhost"',
  ],
  [
    'a component twice',
    '[[component]]\nname = "a.b"\nsecret = "s"\n[[component]]\nname = "A.B"\nsecret = "t"',
    'tercet.toml:5: component[1].name: expected each component once, got "A.B"',
  ],
  [
    'a component with an empty secret',
    '[[component]]\nname = "a.b"\nsecret = ""',
    'tercet.toml:3: component[0].secret: expected the secret that the component knows as well, got ""',
  ],
  [
    'a component without a secret',
    '[[component]]\nname = "a.b"',
    'tercet.toml:1: component[0].secret: expected the secret that the component knows as well, but it is missing',
  ],
  [
    'a component that is no domain',
    '[[component]]\nname = "a@b"\nsecret = "s"',
    'tercet.toml:2: component[0].name: expected a domain, such as "example.org", got "a@b"',
  ],
  [
    'components in one table',
    '[component]\nname = "a"',
    'tercet.toml:1: component: expected tables written as [[component]], got a table',
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
  [
    'a proxy by name',
    '[listen]\nproxies = ["nginx"]',
    'tercet.toml:2: listen.proxies[0]: expected an address or a range, such as "127.0.0.1/8", got "nginx"',
  ],
  [
    'an address of the web with a path',
    '[http]\nurl = "https://chat.example.org/x"',
    'tercet.toml:2: http.url: expected an https address without a path, such as "https://chat.example.org", got "https://chat.',
  ],
  [
    'an address of the web without encryption',
    '[http]\nurl = "http://chat.example.org"',
    'tercet.toml:2: http.url: expected an https address without a path, ',
  ],
  [
    'a name for an address',
    '[http]\naddresses = ["a.b"]',
    'tercet.toml:2: http.addresses[0]: expected an IP address, got',
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

test('components, and what is odd about where they connect', () => {
  const one = '[[component]]\nname = "bot.localhost"\nsecret = "s"\n'
  const config = parseConfig(`${one}[listen]\ncomponent = ["127.0.0.1:5347", "[::1]:5347"]`, undefined)
  expect(config.components).toEqual(new Map([['bot.localhost', 's']]))
  expect(config.listen.component).toHaveLength(2)
  expect(warnings(config)).toEqual([])
  expect(parseConfig('', undefined)).toMatchObject({ components: new Map(), listen: { component: [] } })
  expect(warnings(parseConfig(one, undefined))).toEqual([expect.stringContaining('listen.component is not set')])
  expect(warnings(parseConfig('[listen]\ncomponent = ["127.0.0.1:1"]', undefined))).toEqual([
    expect.stringContaining('there is no [[component]]'),
  ])
  expect(warnings(parseConfig(`${one}[listen]\ncomponent = ["*:5347"]`, undefined))).toEqual([
    expect.stringContaining('listen.component is not on loopback'),
  ])
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

test('who listens for other servers talks to all of them', () => {
  const config = parseConfig('[listen]\ns2s = ["*:5269"]', undefined)
  expect(config.federation.policy.federation).toBe('open')
  expect(warnings(config)).toEqual([])
})

test.each([
  ['nobody is let in', '[listen]\ns2s = ["*:5269"]\n[s2s]\nfederation = "off"', 's2s.federation is "off"'],
  ['nobody can answer', '[listen]\n[s2s]\nfederation = "open"', 'other servers cannot answer'],
  ['few can answer', '[s2s]\nfederation = "open"', 'those alone can answer that know WebSockets'],
  ['nothing is secret', '[listen]\ns2s_tls = ["*:5270"]\n[s2s]\nrequire_tls = false', 's2s.require_tls is false'],
])('federation that makes little sense is warned about: %s', (_, source, warning) => {
  expect(warnings(parseConfig(source, undefined))).toEqual([expect.stringContaining(warning)])
})

test('a pinned domain wants no other proof than its certificate', () => {
  const { federation } = parseConfig(
    `[s2s]\nca = "roots.pem"\n[[s2s.domain]]\nname = "B.example"\ntarget = "192.0.2.1:5299"\nfingerprint = ["${'AB:'.repeat(31)}AB"]`,
    '/etc/tercet/tercet.toml',
  )
  expect(federation.ca).toBe('/etc/tercet/roots.pem')
  expect(federation.targets.get('b.example')).toEqual({ host: '192.0.2.1', port: 5299, directTls: false })
  expect(federation.pins.get('b.example')?.fingerprints).toHaveLength(1)
  expect(federation.policy.rules?.get('b.example')).toEqual({ authentication: 'certificate' })
})

const B = '[[s2s.domain]]\nname = "b.example"\n'

test('another server may be a WebSocket (XEP-0468)', () => {
  const { federation } = parseConfig(`${B}web_socket = "wss://chat.b.example/s2s?x"`, undefined)
  expect(federation.targets.get('b.example')).toEqual({ webSocket: 'wss://chat.b.example/s2s?x' })
})

test('the window of unconfirmed stanzas can be set', () => {
  expect(parseConfig('[s2s]\nwindow_stanzas = 20', undefined).federation.limits.windowStanzas).toBe(20)
  expect(parseConfig('', undefined).federation.limits.windowStanzas).toBe(1000)
})

test.each([
  ...['ws://b.example/s2s', 'https://b.example/s2s', 'b.example', 'wss://', 'wss://b.example/s2s#x'].map(value => [
    `${B}web_socket = "${value}"`,
    `t.toml:3: s2s.domain[0].web_socket: expected an address that begins with "wss://", got "${value}"`,
  ]),
  [`${B}web_socket = 1`, 't.toml:3: s2s.domain[0].web_socket: expected an address that begins with "wss://", got 1'],
  [
    `${B}target = "192.0.2.1:5269"\nweb_socket = "wss://b.example/s2s"`,
    't.toml:4: s2s.domain[0].web_socket: expected either target or web_socket, got "wss://b.example/s2s"',
  ],
  ['[s2s]\nresume_seconds = -1', 't.toml:2: s2s.resume_seconds: expected a whole number from 0 to 3600, got -1'],
  ['[s2s]\nwindow_stanzas = 0', 't.toml:2: s2s.window_stanzas: expected a whole number from 1, got 0'],
])('what makes no sense about other servers is named with its line: %s', (source, problem) => {
  expect(() => parseConfig(source, 't.toml')).toThrow(problem)
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
    hostTls: new Map([['localhost', { certificate: expect.any(String) as string, key: expect.any(String) as string }]]),
    http: { url: 'https://chat.example.org', origins: ['https://chat.example.org'], addresses: [] },
    components: new Map([['biboumi.example.org', 'change me']]),
    // Nobody is trusted by default.
    oauth: new Map([['localhost', expect.objectContaining({ claim: 'sub', createAccounts: false })]]),
    clientCertificates: { ca: '/etc/tercet/clients.pem' },
    s3: { bucket: 'tercet-uploads', secret: { file: '/etc/tercet/s3-secret' }, prefix: '', pathStyle: true },
    modules: { register: { open: false } },
    // Whatever has no default has an example.
    federation: {
      ...plain.federation,
      ca: config.federation.ca,
      dns: ['127.0.0.1:53'],
      policy: { ...plain.federation.policy, rules: config.federation.policy.rules },
      targets: config.federation.targets,
    },
  })
  for (const [name, part] of Object.entries(schema.shape)) {
    expect(source).toMatch(new RegExp(`^\\[*${name}\\b`, 'm'))
    const inner = unwrap(part)
    if (inner instanceof z.ZodObject && name !== 'modules')
      for (const key of Object.keys(inner.shape))
        expect(source).toMatch(new RegExp(`^(${key} = |\\[\\[?${name}\\.${key}\\])`, 'm'))
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
