import { memoryStorage } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture } from './fixture.ts'

const SM = 'urn:xmpp:sm:3'
const message = (id: string, to: string): string =>
  `<message to='${to}' id='${id}' type='chat'><body>Hist!</body></message>`

test('an acknowledgement waits for the disk when nobody has confirmed the message (XEP-0198 §4)', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<enable xmlns='${SM}' resume='true'/>`)
  await juliet.find(({ name }) => name === 'enabled', 'enabled')
  storage.hold()
  juliet.send(`${message('m1', 'romeo@a.test')}<r xmlns='${SM}'/>`)
  await juliet.receives(`<a xmlns='${SM}' h='0'/>`)
  storage.release()
  await juliet.receives(`<a xmlns='${SM}' h='1'/>`)
})

test('a message that could not be stored is refused, and counts as handled', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<enable xmlns='${SM}'/>`)
  await juliet.find(({ name }) => name === 'enabled', 'enabled')
  storage.failCommits('full')
  juliet.send(message('m1', 'romeo@a.test'))
  await juliet.find(
    ({ name, attributes }) => name === 'message' && attributes['type'] === 'error' && attributes['id'] === 'm1',
    'the refusal',
  )
  storage.failCommits(undefined)
  juliet.send(`<r xmlns='${SM}'/>`)
  await juliet.find(({ name, attributes }) => name === 'a' && attributes['h'] === '1', 'the acknowledgement')
  expect(await storage.spool.count('romeo@a.test')).toBe(0)
})

test('with too much on its way to disk a message that needs it is refused, and one that does not is delivered', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({
    storage,
    limits: { storageBacklog: 1 },
    // What is archived needs the disk in any case.
    moduleOptions: { mam: { default: 'never' } },
    accounts: ['romeo@a.test', 'juliet@a.test', 'nurse@a.test'],
  })
  const nurse = await fixture.available('nurse@a.test/kitchen')
  const juliet = await fixture.login('juliet@a.test/balcony')
  storage.hold()
  for (const id of ['m1', 'm2', 'm3']) juliet.send(message(id, 'romeo@a.test'))
  await juliet.find(
    ({ attributes, children }) => attributes['id'] === 'm3' && JSON.stringify(children).includes('resource-constraint'),
    'the refusal',
  )
  juliet.send(message('m4', 'nurse@a.test'))
  await nurse.find(({ attributes }) => attributes['id'] === 'm4', 'the message')
  storage.release()
})

test('a client that handles nothing is not asked for acknowledgements as fast as the link allows', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  romeo.send(`<enable xmlns='${SM}'/>`)
  await romeo.find(({ name }) => name === 'enabled', 'enabled')
  juliet.send(message('m1', 'romeo@a.test'))
  await romeo.find(({ name }) => name === 'message', 'the message')
  await romeo.receives(`<r xmlns='${SM}'/>`)
  // Nothing but the answers: not another request for each acknowledgement of nothing.
  for (let round = 0; round < 3; round++) {
    romeo.send(`<a xmlns='${SM}' h='0'/><r xmlns='${SM}'/>`)
    await romeo.receives(`<a xmlns='${SM}' h='0'/>`)
  }
})
