import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'
import { EVENT, itemsOf, PUBSUB, refused, wanting } from './pep/pep.fixture.ts'

const MDS = 'urn:xmpp:mds:displayed:0'
const DISPLAYED = `<displayed xmlns='${MDS}'><stanza-id xmlns='urn:xmpp:sid:0' by='juliet@a.test' id='0423e3a9'/></displayed>`
const MARKER = "<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>"

test('what a message says was displayed is published for the own clients, and the recipient does not see it (XEP-0490 §3.4)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const chamber = await wanting(fixture, 'juliet@a.test/chamber', MDS)
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', MDS)
  await fixture.quiet()
  chamber.forget()
  romeo.forget()
  juliet.send(`<message to='romeo@a.test'>${MARKER}${DISPLAYED}</message>`)
  const message = await romeo.receives(`<message from='juliet@a.test/balcony'>${MARKER}</message>`)
  expect(JSON.stringify(message)).not.toContain('0423e3a9')
  const item = `<items node='${MDS}'><item id='romeo@a.test'>${DISPLAYED}</item></items>`
  await chamber.receives(`<message from='juliet@a.test' type='headline'><event ${EVENT}>${item}</event></message>`)
  await romeo.receivesNothing()
  await juliet.asks(itemsOf(MDS), `<iq type='result' id='g'><pubsub ${PUBSUB}>${item}</pubsub></iq>`)
  await romeo.asks(itemsOf(MDS, '', 'juliet@a.test'), refused('g', 'cancel', 'not-allowed', 'closed-node'))
})

test('a message without an address is stripped too, and nothing is published', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  juliet.send(`<message id='m2'>${MARKER}${DISPLAYED}</message>`)
  expect(JSON.stringify(await juliet.receives(`<message id='m2'>${MARKER}</message>`))).not.toContain('0423e3a9')
  await juliet.asks(itemsOf(MDS), refused('g', 'cancel', 'item-not-found'))
})
