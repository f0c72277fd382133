import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../fixture.ts'

const CARBONS = 'urn:xmpp:carbons:2'
const chat = (to: string, id: string, more = ''): string =>
  `<message to='${to}' id='${id}' type='chat'><body>Hist!</body>${more}</message>`

async function withCarbons(fixture: Fixture, jid: string): Promise<Client> {
  const client = await fixture.login(jid)
  await client.asks(`<iq type='set' id='c1'><enable xmlns='${CARBONS}'/></iq>`, "<iq type='result' id='c1'/>")
  return client
}

test('a resource that takes no messages gets a copy of what goes to the bare address (XEP-0280 §7)', async () => {
  await using fixture = await startFixture()
  const unseen = await withCarbons(fixture, 'romeo@a.test/garden')
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(chat('romeo@a.test', 'm1'))
  await romeo.receives("<message id='m1'/>")
  await unseen.receives(`<message to='romeo@a.test/garden'><received xmlns='${CARBONS}'>{any}</received></message>`)
})

test('what an account sends to itself comes once to each resource, and not back as a copy (§7, §8)', async () => {
  await using fixture = await startFixture()
  const unseen = await withCarbons(fixture, 'romeo@a.test/garden')
  const sender = await withCarbons(fixture, 'romeo@a.test/cell')
  const romeo = await fixture.available('romeo@a.test/orchard')
  sender.send(chat('romeo@a.test', 'm1'))
  await romeo.receives("<message id='m1'/>")
  await unseen.receives(`<message><received xmlns='${CARBONS}'>{any}</received></message>`)
  for (const client of [romeo, unseen, sender]) await client.receivesNothing()
})

test('a message that was refused is copied to nobody (§7)', async () => {
  await using fixture = await startFixture()
  const garden = await withCarbons(fixture, 'romeo@a.test/garden')
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send("<message to='romeo@a.test/nowhere' id='m1'><body>Hist!</body></message>")
  await juliet.receives("<message type='error' id='m1'/>")
  await garden.receivesNothing()
})

test('carbons are for the own account alone (§4)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.login('juliet@a.test/balcony')
  for (const to of ['romeo@a.test', 'a.test'])
    await juliet.asks(
      `<iq type='set' id='${to}' to='${to}'><enable xmlns='${CARBONS}'/></iq>`,
      `<iq type='error' id='${to}'><error type='cancel'><service-unavailable/></error></iq>`,
    )
})

test('an error that looks like a copy is dropped, for nobody may answer it (§10.3)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<message to='romeo@a.test/orchard' type='error' id='e1'><sent xmlns='${CARBONS}'/></message>`)
  await juliet.receivesNothing()
  await romeo.receivesNothing()
})

test('a resource remembers a bounded number of messages whose errors would be copied', async () => {
  await using fixture = await startFixture()
  const garden = await withCarbons(fixture, 'romeo@a.test/garden')
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.login('juliet@a.test/balcony')
  for (let number = 0; number <= 64; number++) romeo.send(chat('juliet@a.test/balcony', `m${number}`))
  await juliet.find(({ attributes }) => attributes['id'] === 'm64', 'the last message')
  await fixture.quiet()
  for (const id of ['m0', 'm1']) juliet.send(`<message to='romeo@a.test/orchard' type='error' id='${id}'/>`)
  await romeo.receives("<message type='error' id='m0'/>")
  await romeo.receives("<message type='error' id='m1'/>")
  const copy = await garden.find(({ children }) => JSON.stringify(children).includes('"error"'), 'the copy')
  expect(JSON.stringify(copy)).toContain('"m1"')
})
