import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { House, SECRET } from './bot.fixture.ts'
import { handshakeOf, isHandshake } from './index.ts'

test('the handshake is SHA-1 of stream id and secret, in lower case (XEP-0114 §3), and nothing else fits', async () => {
  expect(await handshakeOf('', 'abc')).toBe('a9993e364706816aba3e25717850c26c9cd0d89d') // FIPS 180-4
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (id, secret, other) => {
      const right = await handshakeOf(id, secret)
      expect(await isHandshake(right, id, secret)).toBe(true)
      expect(await isHandshake(right.toUpperCase(), id, secret)).toBe(right.toUpperCase() === right)
      expect(await isHandshake(other, id, secret)).toBe(false)
      if (id + secret !== id + other) expect(await isHandshake(right, id, other)).toBe(false)
    }),
    { numRuns: 50 },
  )
})

test('a component comes in, and each stream has an id of its own', async () => {
  await using house = new House()
  const bot = await house.bot()
  const other = await house.bot('other.a.test', 'another')
  expect(bot.id).toMatch(/^[0-9a-f]{32}$/)
  expect(other.id).not.toBe(bot.id)
  expect(house.components.list()).toEqual([
    { domain: 'bot.a.test', connected: true, unconfirmed: 0 },
    { domain: 'other.a.test', connected: true, unconfirmed: 0 },
  ])
  expect(bot.left + other.left).toBe('')
})

test('a name is compared as an address is', async () => {
  await using house = new House()
  await house.bot('BOT.a.test')
})

test('a wrong secret ends the stream, and the log says so without it', async () => {
  await using house = new House()
  const bot = house.connect()
  await bot.open('bot.a.test')
  await bot.shake('Rosaline')
  await bot.fails('not-authorized')
  await vi.waitFor(() => expect(bot.closed).toBe(true))
  const line = house.lines.find(text => text.startsWith('A component was refused')) ?? ''
  expect(line).toContain(bot.id)
  expect(line).toContain('not-authorized')
  await house.bot()
  expect(house.lines.join()).not.toContain(SECRET)
  expect(house.lines.join()).not.toContain('Rosaline')
})

test.for([
  ['an empty handshake', '<handshake/>', 'not-authorized'],
  ['a stanza before it', "<message from='bot.a.test' to='romeo@a.test'/>", 'not-authorized'],
  ['a handshake of another namespace', "<handshake xmlns='urn:example:x'>x</handshake>", 'unsupported-stanza-type'],
  ['another element', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 'unsupported-stanza-type'],
  ['what is no XML', '<handshake><</handshake>', 'not-well-formed'],
] as const)('%s does not do', async ([, text, condition]) => {
  await using house = new House()
  const bot = house.connect()
  await bot.open('bot.a.test')
  bot.send(text)
  await bot.fails(condition)
  expect(house.received).toEqual([])
})

test.for([
  ['a name that is unknown', 'rosaline.a.test', 'jabber:component:accept', 'host-unknown'],
  ['a host of the server', 'a.test', 'jabber:component:accept', 'host-unknown'],
  ['what is no domain', 'x y', 'jabber:component:accept', 'host-unknown'],
  ['a client', 'bot.a.test', 'jabber:client', 'invalid-namespace'],
  ['the other method', 'bot.a.test', 'jabber:component:connect', 'invalid-namespace'],
] as const)('%s is refused inside of a stream', async ([, to, ns, condition]) => {
  await using house = new House()
  const bot = house.connect()
  await bot.open(to, `<stream:stream xmlns='${ns}' xmlns:stream='http://etherx.jabber.org/streams'`)
  await bot.fails(condition)
})

test('a second connection hears that there is one, if it has the secret, and the first stays', async () => {
  await using house = new House()
  const first = await house.bot()
  const second = house.connect()
  await second.open('bot.a.test')
  await second.shake(SECRET)
  await second.fails('conflict')
  const guess = house.connect()
  await guess.open('bot.a.test')
  await guess.shake('guess')
  await guess.fails('not-authorized')
  // The first one is asked whether it is there.
  await first.pong()
  house.say('Still here?')
  await first.until(/Still here\?/)
})

test('a lost connection that nobody noticed makes way for the next one', async () => {
  await using house = new House({ limits: { answerMs: 1000 } })
  const first = await house.bot()
  house.say('Are you there?')
  await first.until(/Are you there/)
  await first.pong()
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
  const second = house.connect()
  await second.open('bot.a.test')
  await second.shake(SECRET)
  await second.fails('conflict')
  house.components.wheel.tick(house.components.wheel.now + 5000)
  await first.fails('connection-timeout')
  await house.bot()
})

test('two that come at once: one is in', async () => {
  await using house = new House()
  const bots = [house.connect(), house.connect()]
  await Promise.all(bots.map(bot => bot.open('bot.a.test')))
  await Promise.all(bots.map(bot => bot.shake(SECRET)))
  const ends = await Promise.all(bots.map(bot => bot.until(/<handshake\/>|<conflict /)))
  expect(ends.map(([text]) => text).sort()).toEqual(['<conflict ', '<handshake/>'])
})

test('one that says nothing is cut off, and so is one too many', async () => {
  await using house = new House({ limits: { unproven: 1 } })
  const silent = house.connect()
  await silent.open('bot.a.test')
  const many = house.connect()
  await vi.waitFor(() => expect(many.closed).toBe(true))
  house.components.wheel.tick(house.components.wheel.now + 40_000)
  await silent.fails('connection-timeout')
  await vi.waitFor(() => expect(silent.closed).toBe(true))
  await house.bot()
})
