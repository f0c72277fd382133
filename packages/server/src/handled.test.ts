import { BareJid } from '@tercet/jid'
import { memoryStorage } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from './fixture.ts'
import { HANDLED_TABLE, type HandledRow } from './handled.ts'

const NS = 'urn:xmpp:sm:3'

function message(to: string, id: string): string {
  return `<message to='${to}' type='chat' id='${id}'><body>Hist!</body></message>`
}

/** The server says that so many stanzas are handled, now or after having said that it is fewer. */
async function counts(client: Client, h: number): Promise<void> {
  await client.find(({ name, attributes }) => name === 'a' && attributes['h'] === String(h), `h=${h}`)
}

/** The durable count of the only managed session of romeo. */
async function durableCount({ server }: Fixture): Promise<number | undefined> {
  const rows = await server.storage.table<HandledRow>(HANDLED_TABLE).list('a.test', 'romeo')
  return rows[0]?.value.h
}

/** Keeps the queue of an account busy until it is disposed of. */
function occupy({ server }: Fixture, account: string): Disposable {
  const busy = Promise.withResolvers<void>()
  server.hosts
    .get('a.test')!
    .account(BareJid.parse(account))
    .run(() => busy.promise)
  return { [Symbol.dispose]: busy.resolve }
}

/** Resolves when everything that was committed so far is durable. */
async function flushed({ server: { storage } }: Fixture): Promise<void> {
  const unit = storage.unit()
  storage.table<number>('flushed').put(unit, 'a.test', '', '', 1)
  await unit.commit()
}

test('what was acknowledged after a commit is the durable count, also for many stanzas in one commit', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.managed('romeo@a.test/orchard')
  romeo.send([1, 2, 3, 4, 5].map(number => message('juliet@a.test', `m${number}`)).join('') + `<r xmlns='${NS}'/>`)
  await counts(romeo, 5)
  expect(await durableCount(fixture)).toBe(5)
})

test('the durable count never speaks for a stanza that was overtaken', async () => {
  await using fixture = await startFixture({ accounts: ['romeo@a.test', 'juliet@a.test', 'nurse@a.test'] })
  const romeo = await fixture.managed('romeo@a.test/orchard')
  {
    using _ = occupy(fixture, 'juliet@a.test')
    romeo.send(message('juliet@a.test', 'm1') + message('nurse@a.test', 'm2'))
    await romeo.barrier()
    await flushed(fixture)
    romeo.send(`<r xmlns='${NS}'/>`)
    await counts(romeo, 0)
    expect((await durableCount(fixture)) ?? 0).toBe(0)
  }
  await counts(romeo, 3)
})

test('an acknowledgement does not count the stanza that is being handled', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.managed('romeo@a.test/orchard')
  storage.hold()
  romeo.send(message('juliet@a.test', 'm1') + `<r xmlns='${NS}'/>`)
  await romeo.receives(`<a xmlns='${NS}' h='0'/>`)
  using _ = occupy(fixture, 'romeo@a.test')
  romeo.send(`<presence type='subscribe' to='juliet@a.test'/>`)
  storage.release()
  await romeo.receives(`<a xmlns='${NS}' h='1'/>`)
})

test('a session is resumed when all that it sent is handled: then both sides go on counting from the same number (XEP-0198 §5)', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.managed('romeo@a.test/orchard')
  storage.hold()
  romeo.send(message('juliet@a.test', 'm1') + `<r xmlns='${NS}'/>`)
  await romeo.receives(`<a xmlns='${NS}' h='0'/>`)
  const again = fixture.connect()
  await again.open('romeo@a.test')
  await again.authenticate('romeo@a.test')
  const previd = romeo.captures.get('sm') ?? ''
  again.send(`<resume xmlns='${NS}' previd='${previd}' h='0'/>`)
  // The old stream is left at once.
  await romeo.find(({ name }) => name === 'error', 'a stream error')
  expect(again.unread).toEqual([])
  storage.release()
  await again.receives(`<resumed xmlns='${NS}' previd='${previd}' h='1'/>`)
  again.send(message('juliet@a.test', 'm2'))
  await flushed(fixture)
  again.send(`<r xmlns='${NS}'/>`)
  await counts(again, 2)
  expect(again.unread.filter(text => text.startsWith('<a ') && !/h='[012]'/.test(text))).toEqual([])
})

test('what nobody will ask for any more is forgotten after a start', async () => {
  const storage = memoryStorage()
  const table = storage.table<HandledRow>(HANDLED_TABLE)
  const unit = storage.unit()
  table.put(unit, 'a.test', 'romeo', 'old', { h: 7, at: Date.now() - 30 * 86_400_000 })
  table.put(unit, 'a.test', 'romeo', 'new', { h: 7, at: Date.now() })
  await unit.commit()
  await using fixture = await startFixture({ storage })
  await fixture.available('romeo@a.test/orchard')
  expect((await table.list('a.test', 'romeo')).map(({ key }) => key)).toEqual(['new'])
})
