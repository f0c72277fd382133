import { Jid } from '@tercet/jid'
import { SaslError } from '@tercet/sasl'
import { message, StreamError } from '@tercet/stanza'
import { memoryPair } from '@tercet/stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Client } from './client.ts'
import { otherHost, type Connect, type Route } from './connect.ts'
import { Peer, PASSWORD, type PeerOptions } from './peer.fixture.ts'
import { stateChanged } from './points.ts'
import { backoff, isFinal, type Attempt } from './reconnect.ts'
import { createClient } from './create-client.ts'
import type { State } from './state.ts'

let peer: Peer
const start = async (options: PeerOptions = {}): Promise<Peer> => (peer = await Peer.start(options))
afterEach(async () => {
  vi.useRealTimers()
  await (peer as Peer | undefined)?.[Symbol.asyncDispose]()
})

function states(client: Client): State[] {
  const seen: State[] = []
  client.on(stateChanged, 'run', ({ state, before }) => {
    expect(before).not.toBe(state)
    seen.push(state)
    peer.wake()
  })
  return seen
}
const kinds = (seen: readonly State[]) => seen.map(({ kind }) => kind)
const until = (seen: readonly State[], kind: State['kind']) => peer.until(() => seen.at(-1)?.kind === kind)

describe('when to try again', () => {
  test.each([
    [1, 0, 250],
    [1, 0.999999, 1000],
    [2, 0, 500],
    [4, 0, 2000],
    [7, 0.999999, 60_000],
    [1000, 0.999999, 60_000],
    [1000, 0, 15_000],
  ])('attempt %i with luck %d waits %i ms', (number, luck, ms) => {
    expect(backoff({ random: () => luck })({ number, reason: undefined })).toBe(ms)
  })

  test.each([
    ['an orderly end', undefined, false],
    ['a lost link', new Error('reset'), false],
    ['a restart of the server', new StreamError('system-shutdown'), false],
    ['another client with our resource', new StreamError('conflict'), true],
    ['an unknown domain', new StreamError('host-unknown'), true],
    ['a wrong password', new SaslError('not-authorized'), true],
    ['a store that is away', new SaslError('temporary-auth-failure'), false],
    ['a certificate', Object.assign(new Error('x'), { name: 'TransportError', code: 'certificate' }), false],
    ['a domain without XMPP', Object.assign(new Error('x'), { name: 'TransportError', code: 'service-absent' }), true],
    ['TLS that is missing today', new StreamError('policy-violation'), false],
    ['an offer that somebody weakened', new SaslError('mechanism-too-weak'), false],
    ['a refused connection', Object.assign(new Error('x'), { name: 'TransportError', code: 'refused' }), false],
  ])('%s is final: %3$s', (_, reason, final) => {
    expect(isFinal(reason)).toBe(final)
    expect(backoff()({ number: 1, reason }) === undefined).toBe(final)
  })
})

describe('a lost link', () => {
  test('is tried again when the policy says, with what went wrong', async () => {
    await start()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const attempts: Attempt[] = []
    const client = await peer.client({ reconnect: attempt => (attempts.push(attempt), attempt.number * 1000) })
    const seen = states(client)
    peer.down = new Error('refused')
    peer.cut()
    await until(seen, 'resuming')
    await vi.advanceTimersByTimeAsync(999)
    expect(attempts).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(attempts).toMatchObject([
      { number: 1, reason: undefined },
      { number: 2, reason: peer.down },
    ])
    peer.down = undefined
    await vi.advanceTimersByTimeAsync(2000)
    await until(seen, 'online')
    expect(kinds(seen)).toEqual(['resuming', 'resuming', 'online'])
    expect(attempts).toHaveLength(2)
  })

  test('is given up when the policy says: everything is rejected with the reason', async () => {
    await start()
    const client = await peer.client({ reconnect: ({ number }) => (number === 1 ? 0 : undefined) })
    const seen = states(client)
    const reason = (peer.down = new Error('refused'))
    peer.session.acknowledges = false
    const sent = client.send(message({ to: Jid.parse('romeo@b.test') }))
    peer.cut()
    await expect(sent).rejects.toMatchObject({ name: 'ClientError', code: 'not-acknowledged', cause: reason })
    expect(seen.at(-1)).toEqual({ kind: 'offline', reason })
    await expect(client.send(message({}))).rejects.toMatchObject({ code: 'disconnected', cause: reason })
    await client.close()
  })

  test('goes on counting where it left off as long as links do not last', async () => {
    await start()
    const numbers: number[] = []
    const client = await peer.client({ reconnect: ({ number }) => (numbers.push(number), 0) })
    const seen = states(client)
    for (let time = 1; time <= 3; time++) {
      peer.cut()
      await peer.until(() => seen.length === 2 * time)
    }
    expect(numbers).toEqual([1, 2, 3])
    expect(client.state.kind).toBe('online')
  })

  test('is not fought over with another client (RFC 6120 §4.9.3.3)', async () => {
    await start()
    const client = await peer.client({ reconnect: backoff() })
    const seen = states(client)
    peer.session.stream!.fail(new StreamError('conflict'))
    await until(seen, 'offline')
    expect(seen).toMatchObject([{ kind: 'offline', reason: { condition: 'conflict' } }])
  })

  test('that the server closed in order is no session to resume (XEP-0198 §7)', async () => {
    await start()
    const client = await peer.client()
    const seen = states(client)
    peer.session.stream!.close()
    await until(seen, 'online')
    expect(kinds(seen)).toEqual(['connecting', 'online'])
    expect(peer.sessions).toHaveLength(2)
  })

  test('is noticed by silence (RFC 6120 §4.6)', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    await start()
    const client = await peer.client({ quietMs: 10_000, answerMs: 5000 })
    const seen = states(client)
    const { handled } = peer
    // While the server answers all is well.
    for (let second = 0; second < 30; second++) await vi.advanceTimersByTimeAsync(1000)
    expect(seen).toEqual([])
    peer.session.acknowledges = false
    for (let second = 0; second < 20; second++) await vi.advanceTimersByTimeAsync(1000)
    await until(seen, 'online')
    expect(kinds(seen)).toEqual(['resuming', 'online'])
    expect(seen[0]).toMatchObject({ reason: { code: 'timeout' } })
    expect(handled).toEqual([])
  })

  test('a policy that throws ends the client, and nothing is left unhandled', async () => {
    await start()
    const client = await peer.client({
      reconnect: () => {
        throw new TypeError('oops')
      },
    })
    const seen = states(client)
    peer.cut()
    await until(seen, 'offline')
    expect(seen.at(-1)).toMatchObject({ reason: { message: 'oops' } })
  })

  test('closing while it is tried again ends that', async () => {
    await start()
    const client = await peer.client({ reconnect: () => 1_000_000 })
    const seen = states(client)
    peer.cut()
    await until(seen, 'resuming')
    await client.close()
    await client.close()
    expect(client.state).toEqual({ kind: 'offline', reason: undefined })
  })
})

describe('making a client', () => {
  test.each([
    ['a wrong password', { password: 'no' }, { name: 'SaslError', condition: 'not-authorized' }],
    ['an unknown domain', { jid: 'juliet@b.test' }, { name: 'StreamError', condition: 'host-unknown' }],
    ['no encryption', { allowPlaintext: false }, { name: 'StreamError', condition: 'policy-violation' }],
    ['an address that is none', { jid: '@' }, { name: 'JidError' }],
    ['a signal that has fired', { signal: AbortSignal.abort(new Error('enough')) }, { message: 'enough' }],
  ])('rejects for %s, without trying again', async (_, options, error) => {
    await start()
    await expect(peer.client({ reconnect: () => expect.unreachable(), ...options })).rejects.toMatchObject(error)
  })

  test('rejects when there is no connection, or no answer in time', async () => {
    await start()
    peer.down = new Error('refused')
    await expect(peer.client()).rejects.toBe(peer.down)
    const [near] = memoryPair()
    const mute: Connect = () => Promise.resolve({ transport: near })
    await expect(peer.client({ connect: mute, connectMs: 20 })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('a way to connect that never ends is given up in time, and what it brings later is dropped', async () => {
    await start()
    const [near, far] = memoryPair()
    let bring: (connection: { transport: typeof near }) => void = () => undefined
    const slow: Connect = () => new Promise(resolve => (bring = resolve))
    await expect(peer.client({ connect: slow, connectMs: 20 })).rejects.toMatchObject({ name: 'TimeoutError' })
    const ended = new Promise<void>(resolve =>
      far.start({ chunk: () => undefined, drained: () => undefined, ended: resolve, closed: () => undefined }),
    )
    bring({ transport: near })
    await ended
  })

  test('can be given up', async () => {
    await start()
    const controller = new AbortController()
    const [near] = memoryPair()
    const made = peer.client({ connect: () => Promise.resolve({ transport: near }), signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(made).rejects.toThrow('enough')
  })
})

describe('see-other-host (STR-23)', () => {
  test.each([
    ['b.test', { host: 'b.test', port: undefined }],
    ['b.test:5223', { host: 'b.test', port: 5223 }],
    ['[2001:db8::1]:5222', { host: '2001:db8::1', port: 5222 }],
    ['[2001:db8::1]', { host: '2001:db8::1', port: undefined }],
    ['b.test:0', undefined],
    ['b.test:65536', undefined],
    ['2001:db8::1', undefined],
    ['b.test/x', undefined],
    ['a@b.test', undefined],
    ['', undefined],
  ])('%j leads to %j', (address, other) => {
    expect(otherHost(new StreamError('see-other-host', { address }))).toEqual(other)
    expect(otherHost(new StreamError('reset', { address }))).toBeUndefined()
  })

  const sendOn = (address: string): ReturnType<Connect> => {
    const [near, far] = memoryPair()
    far.start({
      chunk: () =>
        void far.write(
          `<stream:stream id='1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${address}</see-other-host></stream:error></stream:stream>`,
        ),
      drained() {},
      ended: () => far.close(),
      closed() {},
    })
    return Promise.resolve({ transport: near })
  }

  test('is followed, for the same domain', async () => {
    await start()
    const routes: Route[] = []
    await peer.client({
      connect: route => {
        routes.push(route)
        return routes.length === 1 ? sendOn('c.test:1234') : peer.connect()
      },
    })
    expect(routes).toMatchObject([
      { domain: 'a.test', other: undefined },
      { domain: 'a.test', other: { host: 'c.test', port: 1234 } },
    ])
  })

  test('is followed three times at most', async () => {
    await start()
    let times = 0
    const made = createClient({
      jid: 'juliet@a.test',
      password: PASSWORD,
      connect: () => sendOn(`c${++times}.test`),
      allowPlaintext: true,
    })
    await expect(made).rejects.toMatchObject({ condition: 'see-other-host' })
    expect(times).toBe(4)
  })
})
