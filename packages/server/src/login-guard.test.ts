import type { Credentials, SaslError, ScramKeys } from '@tercet/sasl'
import { FlushList, memoryPair, Stream, TimerWheel } from '@tercet/stream'
import { textOf } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture, type Client } from './fixture.ts'
import { LoginGuard } from './login-guard.ts'

const NOBODY = undefined as ScramKeys | undefined

/** A guard and those who try their luck with it; what is tried counts how often a password was looked at. */
class Door {
  readonly wheel = new TimerWheel()
  readonly guard = new LoginGuard(this.wheel)
  looked = 0
  readonly #credentials: Credentials = {
    scramKeys: () => (this.looked++, NOBODY),
    verifyPassword: () => (this.looked++, false),
    fakeSaltSecret: new Uint8Array(32),
    iterations: 4096,
  }

  stream(address: string): Stream {
    const [, far] = memoryPair()
    Object.defineProperty(far, 'remote', { value: { address, port: 1 } })
    return new Stream(far, undefined, { flushList: new FlushList(), wheel: this.wheel })
  }

  /** Begins an attempt; what is thrown or rejected says that it was refused. */
  async begin(address: string, account = 'romeo', stream = this.stream(address)): Promise<Stream> {
    await this.guard.watch(stream, 'a.test', this.#credentials).scramKeys(account, 'SHA-256')
    return stream
  }

  /** An attempt that fails; how long the answer takes. */
  async fail(address: string, account = 'romeo'): Promise<number> {
    return this.time(this.begin(address, account).then(stream => this.guard.failed(stream)))
  }

  async succeed(address: string, account = 'romeo'): Promise<number> {
    return this.time(this.begin(address, account).then(stream => this.guard.succeeded(stream)))
  }

  /** Lets time go by until `what` is there. */
  async time(what: Promise<unknown>): Promise<number> {
    const began = this.wheel.now
    const state = { done: false }
    const end = (): void => void (state.done = true)
    what.then(end, end)
    for (let seconds = 0; ; seconds++) {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
      if (state.done || seconds > 60) break
      this.wheel.tick(this.wheel.now + 1000)
    }
    await what
    return this.wheel.now - began
  }

  later(ms: number): void {
    this.wheel.tick(this.wheel.now + ms)
  }
}

const refused = expect.objectContaining({ name: 'SaslError', condition: 'temporary-auth-failure' }) as SaslError

test('two failures are answered at once, more are not, and ten are refused for that account from there', async () => {
  const door = new Door()
  expect(await door.fail('192.0.2.1')).toBe(0)
  expect(await door.fail('192.0.2.1')).toBe(0)
  for (let count = 2; count < 10; count++) expect(await door.fail('192.0.2.1')).toBeGreaterThanOrEqual(1000)
  door.looked = 0
  await expect(door.begin('192.0.2.1')).rejects.toEqual(refused)
  expect(door.looked).toBe(0)
  // Somebody else in the same house, and the account itself from elsewhere.
  expect(await door.succeed('192.0.2.1', 'juliet')).toBe(0)
  expect(await door.succeed('192.0.2.2')).toBe(0)
})

test('what is refused may try again after some time', async () => {
  const door = new Door()
  for (let count = 0; count < 10; count++) await door.fail('192.0.2.1')
  await expect(door.begin('192.0.2.1')).rejects.toEqual(refused)
  door.later(120_000)
  await door.begin('192.0.2.1')
})

test('whoever has logged in from there is never refused by what happens there, but waits', async () => {
  const door = new Door()
  await door.succeed('192.0.2.1')
  for (let count = 0; count < 60; count++) await door.fail('192.0.2.1', `guess${count % 6}`).catch(() => {})
  for (let count = 0; count < 30; count++) await door.fail('192.0.2.1')
  const waited = await door.succeed('192.0.2.1')
  expect(waited).toBeGreaterThan(0)
  expect(waited).toBeLessThanOrEqual(11_000)
})

test('one network may fail fifty times, whatever the accounts', async () => {
  const door = new Door()
  for (let count = 0; count < 50; count++) await door.fail('2001:db8::1', `user${count}`)
  await expect(door.begin('2001:db8::ffff', 'another')).rejects.toEqual(refused)
  await door.begin('2001:db8:0:1::1', 'another')
})

test('an account that is attacked from everywhere is slower for networks it does not know, and for no other', async () => {
  const door = new Door()
  await door.succeed('198.51.100.1')
  const attempts = Array.from({ length: 500 }, (_, index) => door.fail(`10.0.${index >> 8}.${index & 255}`))
  await door.time(Promise.all(attempts))
  expect(await door.succeed('198.51.100.1')).toBe(0)
  const elsewhere = await door.succeed('203.0.113.1')
  expect(elsewhere).toBeGreaterThanOrEqual(10_000)
  expect(elsewhere).toBeLessThanOrEqual(11_000)
  expect(await door.succeed('203.0.113.2', 'juliet')).toBe(0)
})

test('attempts that are under way count: a thousand at once look at ten passwords', async () => {
  const door = new Door()
  const streams = Array.from({ length: 1000 }, () => door.stream('192.0.2.1'))
  const attempts = streams.map(async stream => {
    await door.begin('192.0.2.1', 'romeo', stream)
    await Promise.resolve()
    await door.guard.failed(stream)
  })
  await door.time(Promise.allSettled(attempts))
  expect(door.looked).toBe(10)
})

test('many who log in at once from one place are all let in, some of them after others', async () => {
  const door = new Door()
  let open = 0
  let most = 0
  const attempts = Array.from({ length: 200 }, async (_, index) => {
    const stream = await door.begin('192.0.2.1', `user${index}`)
    most = Math.max(most, ++open)
    await Promise.resolve()
    open--
    door.guard.succeeded(stream)
  })
  await door.time(Promise.all(attempts))
  expect(most).toBeLessThanOrEqual(50)
})

test('many devices of one account come back at once to a place that knows it: no one waits for the clock', async () => {
  const door = new Door()
  await door.succeed('192.0.2.1')
  let open = 0
  let most = 0
  const attempts = Array.from({ length: 200 }, async () => {
    const stream = await door.begin('192.0.2.1')
    most = Math.max(most, ++open)
    await Promise.resolve()
    open--
    door.guard.succeeded(stream)
  })
  expect(await door.time(Promise.all(attempts))).toBeLessThanOrEqual(1000)
  expect(most).toBeLessThanOrEqual(50)
})

test('many at once for one account in a place that has others too: everybody gets an answer', async () => {
  const door = new Door()
  const attempts = Array.from({ length: 300 }, async (_, index) => {
    const stream = await door.begin('192.0.2.1', `user${index % 3}`)
    await Promise.resolve()
    if (index % 7 === 0) await door.guard.failed(stream)
    else door.guard.over(stream)
  })
  const outcomes = Promise.allSettled(attempts)
  await door.time(outcomes)
  for (const outcome of await outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toEqual(refused)
})

test('an attempt that nobody finishes is over with its stream, and does not count', async () => {
  const door = new Door()
  for (let count = 0; count < 100; count++) door.guard.over(await door.begin('192.0.2.1'))
  expect(await door.succeed('192.0.2.1')).toBe(0)
})

test('who waits for others and leaves is not looked at', async () => {
  const door = new Door()
  const first = await Promise.all(Array.from({ length: 10 }, () => door.begin('192.0.2.1')))
  const leaver = door.stream('192.0.2.1')
  const attempt = door.begin('192.0.2.1', 'romeo', leaver)
  leaver.destroy()
  door.looked = 0
  for (const stream of first) door.guard.over(stream)
  await expect(attempt).rejects.toEqual(expect.objectContaining({ condition: 'aborted' }))
  expect(door.looked).toBe(0)
})

// The guard as clients meet it

const NS = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"

/** Shows a proof that no password leads to. */
async function guess(client: Client, then: string): Promise<void> {
  client.send(`<auth ${NS} mechanism='SCRAM-SHA-256'>${btoa('n,,n=romeo,r=nonce')}</auth>`)
  const challenge = await client.next()
  if (challenge.name === 'challenge') {
    const nonce = /r=([^,]+)/.exec(atob(textOf(challenge)))?.[1] ?? ''
    client.send(`<response ${NS}>${btoa(`c=biws,r=${nonce},p=${btoa('\0'.repeat(32))}`)}</response>`)
    await client.receives(`<failure ${NS}><${then}/></failure>`)
  } else expect(challenge).toMatchObject({ name: 'failure', children: [{ name: then }, {}] })
}

test('a guesser is refused, the owner logs in from elsewhere, and both where he did so before', async () => {
  await using fixture = await startFixture()
  const { wheel } = fixture.server
  const clock = setInterval(() => wheel.tick(wheel.now + 1000), 5)
  try {
    const home = fixture.connect({ address: '192.0.2.7' })
    await home.open('romeo@a.test')
    await home.authenticate('romeo@a.test')
    await home.bind('romeo@a.test')
    for (const address of ['192.0.2.6', '192.0.2.7'])
      for (let count = 0; count < 12; count++) {
        const guesser = fixture.connect({ address })
        await guesser.open('a.test')
        await guess(guesser, address === '192.0.2.6' && count >= 10 ? 'temporary-auth-failure' : 'not-authorized')
        guesser.cut()
      }
    for (const address of ['192.0.2.7', '192.0.2.8']) {
      const romeo = fixture.connect({ address })
      await romeo.open('romeo@a.test')
      await romeo.authenticate('romeo@a.test')
    }
  } finally {
    clearInterval(clock)
  }
})
