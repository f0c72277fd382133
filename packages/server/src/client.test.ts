import {
  createClient,
  memoryTokens,
  type Client,
  type ClientOptions,
  type Installation,
  type NoPlugins,
} from '@tercet/client'
import { presence } from '@tercet/stanza'
import { memoryPair, type StoredToken, type TlsInfo, type Transport } from '@tercet/stream'
import { describe, expect, test, vi } from 'vitest'
import { PASSWORD, startFixture, type Fixture } from './fixture.ts'
import { AGENT } from './sasl2.fixture.ts'
import { bindable } from './tls.fixture.ts'

/** The texts that a client wrote, from its first header on. */
interface Line {
  readonly transport: Transport
  readonly sent: string[]
  /** What the server had said when these were sent first. */
  readonly firsts: { header?: string; authenticate?: string }
}

/** Connects clients to a server in memory, and lets the server be another one. */
function network(fixture: Fixture, change: (text: string) => string = text => text, tls: TlsInfo = bindable) {
  const lines: Line[] = []
  return {
    lines,
    connect: () => {
      const [near, far] = memoryPair({ tls })
      const sent: string[] = []
      let said = ''
      const firsts: Line['firsts'] = {}
      const write = near.write.bind(near)
      near.write = text => {
        sent.push(text)
        if (text.includes('<stream:stream')) firsts.header ??= said
        if (text.includes('<authenticate')) firsts.authenticate ??= said
        return write(text)
      }
      const answer = far.write.bind(far)
      far.write = text => {
        const changed = change(text)
        said += changed
        return answer(changed)
      }
      lines.push({ transport: near, sent, firsts })
      fixture.server.accept(far)
      return Promise.resolve({ transport: near })
    },
  }
}

const OFFER = /<authentication.*?<\/authentication>/

function logIn(
  connect: ClientOptions<NoPlugins>['connect'],
  more: Partial<ClientOptions<NoPlugins>> = {},
): Promise<Client> {
  return createClient({
    jid: 'romeo@a.test',
    password: PASSWORD,
    connect: connect!,
    reconnect: () => 0,
    ...more,
  })
}

function installation(token?: StoredToken): Installation & { tokens: ReturnType<typeof memoryTokens> } {
  const tokens = memoryTokens()
  void tokens.save(token)
  return { id: AGENT, software: 'tester', tokens }
}

const everything = (lines: readonly Line[]) => lines.at(-1)!.sent.join('')

test('a client binds in the answer to its authentication, and manages its stream', async () => {
  await using fixture = await startFixture()
  const { connect, lines } = network(fixture)
  await using client = await logIn(connect)
  expect(client.state).toMatchObject({ kind: 'online', resumed: false })
  expect(client.pin).toBe('SCRAM-SHA-512-PLUS')
  const sent = everything(lines)
  expect(sent).toContain("xmlns='urn:xmpp:sasl:2'")
  expect(sent).not.toContain('urn:ietf:params:xml:ns:xmpp-bind')
  expect(sent.match(/<stream:stream/g)).toHaveLength(1)
  // It is sent and acknowledged.
  await client.send(presence({}))
  expect([...fixture.server.sessions()][0]!.managed).toBe(true)
})

test('a token takes the place of the password, and is given up with it', async () => {
  await using fixture = await startFixture()
  const { connect, lines } = network(fixture)
  const own = installation()
  await (await logIn(connect, { installation: own })).close()
  const token = await own.tokens.load()
  expect(token).toMatchObject({ mechanism: 'HT-SHA-256-EXPR' })
  {
    await using client = await logIn(connect, { installation: own, pin: 'SCRAM-SHA-512-PLUS' })
    expect(client.state.kind).toBe('online')
    expect(everything(lines)).toContain("mechanism='HT-SHA-256-EXPR'")
    expect(client.pin).toBe('SCRAM-SHA-512-PLUS')
    expect((client.state as { jid: { resource: string } }).jid.resource).toMatch(/^tester\//)
  }
  // A new password ends it: the client falls back, and gets another one.
  const { accounts } = fixture.server.hosts.get('a.test')!
  await accounts.put('romeo', await accounts.derive('new'), { create: false })
  await using client = await logIn(connect, { installation: own, password: 'new' })
  expect(client.state.kind).toBe('online')
  expect((await own.tokens.load())!.token).not.toBe(token!.token)
})

test('a token alone does while it lasts, and then the client says that it is over', async () => {
  await using fixture = await startFixture()
  const { connect } = network(fixture)
  const own = installation()
  await (await logIn(connect, { installation: own })).close()
  const without = { jid: 'romeo@a.test', connect, installation: own }
  await (await createClient(without)).close()
  const { clients } = fixture.server.hosts.get('a.test')!
  const unit = fixture.server.storage.unit()
  clients!.forget(unit, 'romeo')
  await unit.commit()
  await expect(createClient(without)).rejects.toMatchObject({ name: 'SaslError', condition: 'not-authorized' })
  expect(await own.tokens.load()).toBeUndefined()
})

test('a lost link is resumed in the answer to the authentication', async () => {
  await using fixture = await startFixture()
  const { connect, lines } = network(fixture)
  await using client = await logIn(connect, { installation: installation() })
  lines[0]!.transport.destroy()
  await vi.waitUntil(() => client.state.kind === 'online' && client.state.resumed)
  expect(everything(lines)).toContain("<resume xmlns='urn:xmpp:sm:3'")
  expect(everything(lines)).toContain("mechanism='HT-SHA-256-EXPR'")
  expect([...fixture.server.sessions()]).toHaveLength(1)
})

test('what cannot be resumed any more becomes a new session in the same answer', async () => {
  await using fixture = await startFixture()
  const { connect, lines } = network(fixture)
  await using client = await logIn(connect)
  const [session] = [...fixture.server.sessions()]
  fixture.server.resumable.clear()
  session!.smId = undefined
  lines[0]!.transport.destroy()
  await vi.waitUntil(() => lines.length === 2 && client.state.kind === 'online')
  expect(client.state).toMatchObject({ resumed: false })
})

test('a resource of one’s own is bound the old way', async () => {
  await using fixture = await startFixture()
  const { connect, lines } = network(fixture)
  await using client = await logIn(connect, { jid: 'romeo@a.test/orchard' })
  expect(client.state).toMatchObject({ kind: 'online', jid: { text: 'romeo@a.test/orchard' } })
  expect(everything(lines)).toContain("xmlns='urn:xmpp:sasl:2'")
})

test('a server without it is logged in to as ever', async () => {
  await using fixture = await startFixture()
  const { connect, lines } = network(fixture, text => text.replace(OFFER, ''))
  await using client = await logIn(connect, { installation: installation() })
  expect(client.state.kind).toBe('online')
  expect(everything(lines)).toContain("xmlns='urn:ietf:params:xml:ns:xmpp-sasl'")
})

test.each([
  [
    'CB-04: channel binding without its types (XEP-0440 §3)',
    (text: string) => text.replace(/<sasl-channel-binding.*?<\/sasl-channel-binding>/, ''),
  ],
  [
    'CB-04: types without channel binding (XEP-0440 §3)',
    (text: string) => text.replace(/<mechanism>SCRAM-[^<]*-PLUS<\/mechanism>/g, ''),
  ],
  [
    'CB-05: a list that is not the one that was sent (XEP-0474 §6)',
    (text: string) => text.replace('<mechanism>SCRAM-SHA-512-PLUS</mechanism>', ''),
  ],
  [
    'SASL-08: nothing but a password in clear, though there was more before',
    (text: string) =>
      text
        .replace(/<mechanism>SCRAM-[^<]*<\/mechanism>/g, '')
        .replace(/<sasl-channel-binding.*?<\/sasl-channel-binding>/, ''),
  ],
])('the client does not log in to an offer that was tampered with: %s', async (_, change) => {
  await using fixture = await startFixture()
  const { connect, lines } = network(fixture, change)
  await expect(logIn(connect, { pin: 'SCRAM-SHA-512-PLUS', reconnect: () => undefined })).rejects.toMatchObject({
    name: 'SaslError',
  })
  expect(everything(lines)).not.toContain("mechanism='PLAIN'")
})

test('SCR-05: a success without the server’s proof is none', async () => {
  await using fixture = await startFixture()
  const { connect } = network(fixture, text => text.replace(/<additional-data>.*?<\/additional-data>/, ''))
  await expect(logIn(connect)).rejects.toMatchObject({ name: 'SaslError', condition: 'not-authorized' })
})

/** As if the account came from a server that knew one hash alone. */
async function onlyHas({ server }: Fixture, hash: string): Promise<void> {
  interface Credentials {
    readonly keys: Record<string, unknown>
  }
  const table = server.storage.table<Credentials>('accounts')
  const row = await table.get('a.test', 'romeo', 'credentials')
  const unit = server.storage.unit()
  table.put(unit, 'a.test', 'romeo', 'credentials', { ...row!.value, keys: { [hash]: row!.value.keys[hash] } })
  await unit.commit()
}

const hashes = async (fixture: Fixture) =>
  (await fixture.server.hosts.get('a.test')!.accounts.facts('romeo'))!.hashes.toSorted()

describe('an account that lacks keys (XEP-0480)', () => {
  test('gets them from a client that knows the password, which uses them next time', async () => {
    await using fixture = await startFixture()
    await onlyHas(fixture, 'SHA-1')
    const { connect, lines } = network(fixture)
    {
      await using client = await logIn(connect)
      expect(client.pin).toBe('SCRAM-SHA-1-PLUS')
      expect(everything(lines)).not.toContain('urn:ietf:params:xml:ns:xmpp-bind')
    }
    expect(await hashes(fixture)).toEqual(['SHA-1', 'SHA-256', 'SHA-512'])
    await using client = await logIn(connect)
    expect(client.pin).toBe('SCRAM-SHA-512-PLUS')
    expect(everything(lines)).not.toContain('UPGR-')
  })

  test('never gets those of SHA-1, which would make it weaker', async () => {
    await using fixture = await startFixture()
    await onlyHas(fixture, 'SHA-256')
    const { connect } = network(fixture)
    await (await logIn(connect)).close()
    expect(await hashes(fixture)).toEqual(['SHA-256', 'SHA-512'])
  })

  test('gets none with a token, nor from a client that has no password', async () => {
    await using fixture = await startFixture()
    const { connect, lines } = network(fixture)
    const own = installation()
    await (await logIn(connect, { installation: own })).close()
    await onlyHas(fixture, 'SHA-1')
    await (await logIn(connect, { installation: own })).close()
    expect(everything(lines)).not.toContain('UPGR-')
    expect(await hashes(fixture)).toEqual(['SHA-1'])
  })

  test('gets none over a connection that somebody may read', async () => {
    await using fixture = await startFixture()
    await onlyHas(fixture, 'SHA-1')
    const unverified = { ...bindable, peerCertificateError: 'self-signed', channelBindings: [] }
    const { connect, lines } = network(fixture, text => text, unverified)
    await using client = await logIn(connect)
    expect(client.pin).toBe('SCRAM-SHA-1')
    expect(everything(lines)).not.toContain('UPGR-')
    expect(await hashes(fixture)).toEqual(['SHA-1'])
  })

  test.each([
    ['before it has proven itself', /<additional-data>.*?<\/additional-data>/, ''],
    ['with a hash that is soon guessed', /iterations='\d+'/, "iterations='1'"],
    ['with work without end', /iterations='\d+'/, "iterations='4000000000'"],
    ['without salt', /(<salt [^>]*>)[^<]*/, '$1'],
    ['for another task than was asked for', /<task>UPGR-[^<]*/, '<task>UPGR-SCRAM-SHA-1'],
    ['for something else', /<task>UPGR-[^<]*/, '<task>TOTP'],
    ['without saying what for', /<salt .*?<\/salt>/, ''],
  ])('are not given to a server that wants them %s', async (_, pattern, text) => {
    await using fixture = await startFixture()
    await onlyHas(fixture, 'SHA-1')
    const { connect, lines } = network(fixture, sent => sent.replace(pattern, text))
    await expect(logIn(connect, { reconnect: () => undefined })).rejects.toMatchObject({ name: 'SaslError' })
    expect(everything(lines)).not.toContain('<hash')
    expect(await hashes(fixture)).toEqual(['SHA-1'])
  })
})

describe('in one flight (XEP-0509)', () => {
  /** Loses the link and waits for the next. */
  async function relinked(client: Client, lines: readonly Line[]): Promise<string> {
    const before = lines.length
    lines.at(-1)!.transport.destroy()
    await vi.waitUntil(() => lines.length > before && client.state.kind === 'online')
    return everything(lines)
  }

  /** What the server has said when the request leaves, if that leaves at once. */
  const HEARD = "<config-version xmlns='urn:xmpp:iap:0'"

  test('a client that is back does not wait for what it knows', async () => {
    await using fixture = await startFixture()
    const { connect, lines } = network(fixture)
    await using client = await logIn(connect, { installation: installation() })
    expect(everything(lines)).not.toContain(HEARD)
    for (let round = 0; round < 2; round++) {
      const sent = await relinked(client, lines)
      expect(sent).toMatch(
        /<stream:stream [^>]*>.*<authenticate [^>]*HT-SHA-256-EXPR.*<config-version xmlns='urn:xmpp:iap:0'/s,
      )
      expect(client.state).toMatchObject({ kind: 'online', resumed: true })
    }
    await client.send(presence({}))
  })

  test('the request leaves before the server says a word', async () => {
    await using fixture = await startFixture()
    const { connect, lines } = network(fixture)
    await using client = await logIn(connect, { installation: installation() })
    expect(lines[0]!.firsts).toEqual({ header: '', authenticate: expect.stringContaining('features') as string })
    await relinked(client, lines)
    expect(lines[1]!.firsts).toEqual({ header: '', authenticate: '' })
  })

  test('an offer that has changed is read, and taken, without prejudice', async () => {
    await using fixture = await startFixture({ limits: { loginFailures: 1 } })
    const change = { from: "value='", to: "value='" }
    const { connect, lines } = network(fixture, text => text.replace(change.from, change.to))
    await using client = await logIn(connect, { installation: installation() })
    // What it has read is another version than the server's.
    change.to = "value='x"
    expect(await relinked(client, lines)).toContain(HEARD)
    const sent = await relinked(client, lines)
    expect(sent.match(/<authenticate /g)).toHaveLength(2)
    expect(client.state).toMatchObject({ kind: 'online', resumed: true })
  })

  test('a token that is over costs nothing but the flight: the password follows', async () => {
    await using fixture = await startFixture()
    const { connect, lines } = network(fixture)
    await using client = await logIn(connect, { installation: installation() })
    const { clients } = fixture.server.hosts.get('a.test')!
    const unit = fixture.server.storage.unit()
    clients!.forget(unit, 'romeo')
    await unit.commit()
    const sent = await relinked(client, lines)
    expect(sent).toContain(HEARD)
    expect(sent).toContain("mechanism='SCRAM-SHA-512-PLUS'")
  })

  test('without a token nothing is sent ahead', async () => {
    await using fixture = await startFixture()
    const { connect, lines } = network(fixture)
    await using client = await logIn(connect)
    expect(await relinked(client, lines)).not.toContain(HEARD)
  })
})
