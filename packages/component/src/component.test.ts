import { Jid } from '@tercet/jid'
import { iq, message, presence, StreamError } from '@tercet/stanza'
import { readStanza } from '@tercet/xml'
import { expect, test, vi } from 'vitest'
import { Bot, House, Promised } from './bot.fixture.ts'
import type { Receipt } from './index.ts'

const romeo = Jid.parse('romeo@a.test/orchard')
const echo = Jid.parse('echo@bot.a.test')

test('what is for a component goes there in order, and is confirmed by a ping', async () => {
  await using house = new House()
  const bot = await house.bot()
  for (const body of ['one', 'two', 'three']) house.say(body)
  await bot.until(/>one<.*>two<.*>three</)
  expect(await house.owed()).toBe(3)
  await bot.pong()
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
  expect(house.refused).toEqual([])
  expect(house.received).toEqual([])
})

test('an error confirms as well as a result: who does not know pings has read what came before', async () => {
  await using house = new House()
  const bot = await house.bot()
  house.say('one')
  await bot.until(/>one</)
  await bot.pong(
    id =>
      `<iq type='error' id='${id}' from='bot.a.test' to='a.test'><error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
  )
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
})

test('one that never answers is believed; one that did and does not any more is gone', async () => {
  await using house = new House()
  const { wheel } = house.components
  const bot = await house.bot()
  house.say('one')
  await bot.until(/>one</)
  await bot.until(/<ping /)
  wheel.tick(wheel.now + 31_000)
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
  house.say('two')
  await bot.until(/>two</)
  await bot.pong()
  house.say('three')
  await bot.until(/>three</)
  await bot.until(/<ping /)
  await vi.waitFor(async () => expect(await house.owed()).toBe(1))
  wheel.tick(wheel.now + 62_000)
  await bot.fails('connection-timeout')
})

test('what a lost connection left goes to the next one first', async () => {
  await using house = new House()
  const bot = await house.bot()
  house.say('one')
  await bot.until(/>one</)
  bot.cut()
  await vi.waitFor(() => expect(house.components.list()[0]?.connected).toBe(false))
  const again = await house.bot()
  house.say('two')
  await again.until(/>one</)
  await again.pong()
  await again.until(/>two</)
  await again.pong()
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
  expect(house.refused).toEqual([])
})

test('one that closes in order has what it was sent', async () => {
  await using house = new House()
  const bot = await house.bot()
  house.say('one')
  await bot.until(/>one</)
  house.storage.hold()
  house.say('two')
  bot.send('</stream:stream>')
  await bot.until(/<\/stream:stream>/)
  house.storage.release()
  await vi.waitFor(async () => expect(await house.owed()).toBe(1))
  const again = await house.bot()
  await again.until(/>two</)
})

test('a stream that has ended takes nothing, also while its connection lasts', async () => {
  await using house = new House()
  const bot = await house.bot()
  house.say('one')
  await bot.until(/>one</)
  const { connection } = house.components.get('bot.a.test')!
  connection!.stream.fail(new StreamError('reset'))
  expect(house.components.get('bot.a.test')!.connection).toBe(connection)
  expect(() => house.say('two')).toThrow(expect.objectContaining({ condition: 'service-unavailable' }))
  const again = await house.bot()
  await again.until(/>one</)
  await again.pong()
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
  expect(house.refused).toEqual([])
})

test('what it left bounces when it does not come back', async () => {
  await using house = new House()
  const { wheel } = house.components
  const bot = await house.bot()
  house.say('one')
  await bot.until(/>one</)
  bot.cut()
  await vi.waitFor(() => expect(house.components.list()[0]?.connected).toBe(false))
  wheel.tick(wheel.now + 30_000)
  expect(house.refused).toEqual([])
  wheel.tick(wheel.now + 40_000)
  expect(house.refused).toMatchObject([{ stanza: { id: 'one' }, error: { condition: 'service-unavailable' } }])
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
})

test('what an earlier process left goes to the component when it comes', async () => {
  const first = new House({ limits: { closeMs: 10 } })
  const bot = await first.bot()
  first.say('one')
  await bot.until(/>one</)
  await first.components.close()
  await bot.fails('system-shutdown')
  expect(await first.owed()).toBe(1)

  await using second = new House({ storage: first.storage })
  await second.components.start()
  const again = await second.bot()
  await again.until(/>one</)
  await again.pong()
  await vi.waitFor(async () => expect(await first.owed()).toBe(0))
})

test('one that is not connected: who waits for an answer gets one at once', async () => {
  await using house = new House()
  const { components } = house
  expect(() => house.say('one')).toThrow(expect.objectContaining({ condition: 'service-unavailable' }))
  const request = iq({ type: 'get', id: 'q', from: romeo, to: echo })
  expect(() => components.send(request)).toThrow(expect.objectContaining({ condition: 'service-unavailable' }))
  const join = presence({ from: romeo, to: Jid.parse('room@bot.a.test/romeo') })
  expect(() => components.send(join)).toThrow(expect.objectContaining({ condition: 'service-unavailable' }))
  components.send(presence({ from: romeo, to: echo }))
  components.send(presence({ type: 'unavailable', from: romeo, to: echo }))
  components.send(message({ type: 'error', from: romeo, to: echo }))
  expect(await house.owed()).toBe(0)
})

test('what cannot be stored does not leave, and its sender hears so', async () => {
  await using house = new House()
  const bot = await house.bot()
  house.storage.failCommits('full')
  house.say('one')
  await vi.waitFor(() => expect(house.refused).toMatchObject([{ error: { condition: 'resource-constraint' } }]))
  house.components.send(presence({ from: romeo, to: echo }))
  await bot.until(/<presence /)
  expect(bot.left).not.toContain('one')
  house.storage.failCommits(undefined)
})

test('nothing overtakes what waits for the disk', async () => {
  await using house = new House()
  const bot = await house.bot()
  house.storage.hold()
  const work = new Promised(house.storage.unit())
  house.say('one', work)
  house.components.send(presence({ from: romeo, to: echo }))
  house.storage.release()
  const [all] = await bot.until(/<message.*<presence [^>]*>/)
  expect(all).toContain('>one<')
})

test('a bound on what is unconfirmed', async () => {
  await using house = new House({ limits: { queueStanzas: 2 } })
  await house.bot()
  house.say('one')
  house.say('two')
  expect(() => house.say('three')).toThrow(expect.objectContaining({ condition: 'resource-constraint' }))
})

test('a bound on what waits behind the disk', async () => {
  await using house = new House({ limits: { queueStanzas: 2 } })
  const bot = await house.bot()
  house.storage.hold()
  house.say('one')
  const request = iq({ type: 'get', id: 'q', from: romeo, to: echo })
  for (let count = 0; count < 3; count++) house.components.send(request)
  expect(() => house.components.send(request)).toThrow(expect.objectContaining({ condition: 'resource-constraint' }))
  expect(() => house.say('two')).toThrow(expect.objectContaining({ condition: 'resource-constraint' }))
  house.storage.release()
  await bot.until(/>one</)
  await bot.pong()
  await vi.waitFor(async () => expect(await house.owed()).toBe(0))
  expect(bot.left).not.toContain('two')
})

test('one that does not read is cut off, and what it was owed is kept', async () => {
  await using house = new House({ limits: { unwrittenCharacters: 1000 } })
  const bot = await house.bot()
  bot.pause()
  house.say('one')
  for (let count = 0; count < 50; count++)
    house.components.send(message({ type: 'headline', from: romeo, to: echo, body: 'x'.repeat(100) }))
  await vi.waitFor(() => expect(house.components.list()[0]?.connected).toBe(false))
  expect(house.lines.join()).toContain('The peer does not read')
  const again = await house.bot()
  await again.until(/>one</)
})

test('what nobody relies on, and what is for the moment, is not written', async () => {
  await using house = new House()
  const bot = await house.bot()
  house.components.send(message({ from: romeo, to: echo, body: 'one' }))
  const work = new Promised(house.storage.unit())
  house.components.send(message({ type: 'headline', from: romeo, to: echo, body: 'two' }), work)
  house.components.send(iq({ type: 'get', id: 'q', from: romeo, to: echo }), work)
  await bot.until(/one.*two.*<iq /)
  expect(await house.owed()).toBe(0)
})

test('a component speaks for all addresses of its domain', async () => {
  await using house = new House()
  const bot = await house.bot()
  for (const from of ['bot.a.test', 'bot.a.test/x', 'echo@bot.a.test', 'echo@BOT.a.test/y'])
    bot.send(`<message from='${from}' to='romeo@a.test'><body>Hark</body></message>`)
  await vi.waitFor(() => expect(house.received).toHaveLength(4))
  expect(house.received.map(({ from }) => from?.domain)).toEqual(Array(4).fill('bot.a.test'))
})

test.for([
  ['a user of the server', "from='romeo@a.test' to='juliet@a.test'", 'invalid-from'],
  ['another component', "from='other.a.test' to='juliet@a.test'", 'invalid-from'],
  ['a domain below its own', "from='x.bot.a.test' to='juliet@a.test'", 'invalid-from'],
  ['what is no address', "from='@@' to='juliet@a.test'", 'invalid-from'],
  ['nobody', "to='juliet@a.test'", 'improper-addressing'],
  ['itself to nobody', "from='bot.a.test'", 'improper-addressing'],
] as const)('a stanza from %s ends the stream', async ([, attributes, condition]) => {
  await using house = new House()
  const bot = await house.bot()
  bot.send(`<message ${attributes}><body>Hark</body></message>`)
  await bot.fails(condition)
  expect(house.received).toEqual([])
})

test('what else is said ends the stream', async () => {
  await using house = new House({ limits: { stanzaBytes: 10_000 } })
  const bot = await house.bot()
  bot.send("<enable xmlns='urn:xmpp:sm:3'/>")
  await bot.fails('unsupported-stanza-type')
  const long = await house.bot()
  long.send(`<message from='bot.a.test' to='romeo@a.test'><body>${'x'.repeat(20_000)}</body></message>`)
  await long.fails('policy-violation')
})

test('a stanza that cannot be read is refused, and the stream goes on', async () => {
  await using house = new House()
  const bot = await house.bot()
  bot.send("<message from='echo@bot.a.test' to='@@' id='m'><body>Hark</body></message>")
  const [reply] = await bot.until(/<message .*<\/message>/)
  const element = readStanza(reply)
  expect(element.attr('type')).toBe('error')
  expect(element.attr('to')).toBe('echo@bot.a.test')
  expect(reply).toContain('jid-malformed')
  bot.send("<message from='echo@bot.a.test' to='romeo@a.test'/>")
  await vi.waitFor(() => expect(house.received).toHaveLength(1))
})

test('a disk that is slower than the component holds it up, and a ping waits for all before it', async () => {
  await using house = new House({ limits: { unhandled: 4 } })
  const open: (() => void)[] = []
  const receipt: Receipt = { over: false, whenOver: run => void open.push(run) }
  house.receipt = receipt
  const bot = await house.bot()
  for (let count = 0; count < 6; count++) bot.send(`<message from='bot.a.test' to='romeo@a.test' id='${count}'/>`)
  await settle()
  expect(house.received).toHaveLength(4)
  for (const run of open.splice(0, 2)) run()
  await vi.waitFor(() => expect(house.received).toHaveLength(6))
  bot.send("<iq type='get' id='p' from='bot.a.test' to='a.test'><ping xmlns='urn:xmpp:ping'/></iq>")
  for (const run of open.splice(0, 3)) run()
  await settle()
  expect(house.received).toHaveLength(6)
  for (const run of open.splice(0)) run()
  await vi.waitFor(() => expect(house.received).toHaveLength(7))
})

test('an idle component is asked whether it is there', async () => {
  await using house = new House()
  const { wheel } = house.components
  const bot = await house.bot()
  wheel.tick(wheel.now + 400_000)
  await bot.pong()
  await settle()
  wheel.tick(wheel.now + 400_000)
  await bot.until(/<ping /)
  wheel.tick(wheel.now + 40_000)
  await bot.fails('connection-timeout')
})

test('a server that stops takes nothing more, and says good-bye', async () => {
  const house = new House()
  const bot = await house.bot()
  house.components.pause()
  bot.send("<message from='bot.a.test' to='romeo@a.test'/>")
  await settle()
  expect(house.received).toEqual([])
  expect(house.connect()).toBeInstanceOf(Bot)
  await house.components.close()
  await bot.fails('system-shutdown')
})

/** All that is under way in memory has arrived. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
}
