import { memoryStorage, type MemoryStorage } from '@tercet/storage/memory'
import { expect, test, vi } from 'vitest'
import { startFixture, type Client, type Fixture } from './fixture.ts'

const NS = 'urn:xmpp:sm:3'
const MESSAGE = "<message to='juliet@a.test' type='chat' id='m1'><body>Hist!</body></message>"

/** Romeo under stream management sends a message that cannot be stored; juliet may be there, under stream management as well. */
async function sendWithoutSpace(fixture: Fixture, storage: MemoryStorage): Promise<Client> {
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<enable xmlns='${NS}'/>`)
  await romeo.receives(`<enabled xmlns='${NS}'/>`)
  storage.failCommits('full')
  romeo.send(MESSAGE)
  return romeo
}

async function managedJuliet(fixture: Fixture): Promise<Client> {
  const juliet = await fixture.available('juliet@a.test/balcony')
  await juliet.manage()
  return juliet
}

async function refused(romeo: Client): Promise<void> {
  const error = await romeo.find(({ name }) => name === 'message', 'an error')
  expect(error.attributes).toMatchObject({ type: 'error', id: 'm1', from: 'juliet@a.test' })
}

/** The server says that so many stanzas are handled, now or later. */
async function counts(client: Client, h: number): Promise<void> {
  await client.find(({ name, attributes }) => name === 'a' && attributes['h'] === String(h), `h=${h}`)
}

/** A commit has failed. */
async function failed(storage: MemoryStorage): Promise<void> {
  const unit = storage.unit()
  storage.table<number>('tried').put(unit, 'a.test', '', '', 1)
  await expect(unit.commit()).rejects.toThrow()
}

test('what cannot be stored for somebody absent is refused, and counts as handled', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await sendWithoutSpace(fixture, storage)
  await refused(romeo)
  romeo.send(`<r xmlns='${NS}'/>`)
  await counts(romeo, 1)
})

test('what somebody confirms who is there need not be stored', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const juliet = await managedJuliet(fixture)
  const romeo = await sendWithoutSpace(fixture, storage)
  await juliet.find(({ name }) => name === 'message', 'the message')
  await failed(storage)
  romeo.send(`<r xmlns='${NS}'/>`)
  await counts(romeo, 0)
  juliet.send(`<a xmlns='${NS}' h='1'/>`)
  await counts(romeo, 1)
  expect(romeo.unread.filter(text => text.startsWith('<message'))).toEqual([])
})

test('who confirms one message while the next waits for the disk is asked about that one too', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const juliet = await managedJuliet(fixture)
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<enable xmlns='${NS}'/>`)
  await romeo.receives(`<enabled xmlns='${NS}'/>`)
  const session = [...fixture.server.sessions()].find(({ jid }) => jid.resource === 'balcony')!
  const asked = () => juliet.receives(`<r xmlns='${NS}'/>`)
  romeo.send(MESSAGE)
  await juliet.find(({ name }) => name === 'message', 'the first message')
  await asked()
  storage.hold()
  romeo.send(MESSAGE)
  await romeo.barrier()
  juliet.send(`<a xmlns='${NS}' h='1'/>`)
  // Answers wait behind the message.
  await vi.waitFor(() => expect([session.outbox.sent?.size, session.outbox.held]).toEqual([0, true]))
  storage.release()
  await juliet.find(({ name }) => name === 'message', 'the second message')
  await asked()
})

test('when who held it is gone unconfirmed, its sender hears that it was not stored', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const juliet = await managedJuliet(fixture)
  const romeo = await sendWithoutSpace(fixture, storage)
  await juliet.find(({ name }) => name === 'message', 'the message')
  await failed(storage)
  romeo.send(`<r xmlns='${NS}'/>`)
  await counts(romeo, 0)
  juliet.cut()
  await refused(romeo)
  await counts(romeo, 1)
})

test('or it is stored then, if there is space again', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const juliet = await managedJuliet(fixture)
  const romeo = await sendWithoutSpace(fixture, storage)
  await juliet.find(({ name }) => name === 'message', 'the message')
  await failed(storage)
  romeo.send(`<r xmlns='${NS}'/>`)
  await counts(romeo, 0)
  storage.failCommits(undefined)
  juliet.cut()
  await counts(romeo, 1)
  expect(romeo.unread.filter(text => text.startsWith('<message'))).toEqual([])
})
