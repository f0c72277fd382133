import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { startFixture, type Client } from '../fixture.ts'
import { itemsOf, publishes, PUBSUB, refused, wanting } from './pep/pep.fixture.ts'

const IMAGE = Buffer.from('\x89PNG a portrait')
const BASE64 = IMAGE.toString('base64')
const HASH = createHash('sha1').update(IMAGE).digest('hex')
const METADATA = 'urn:xmpp:avatar:metadata'
const DATA = 'urn:xmpp:avatar:data'
const data = `<item id='${HASH}'><data xmlns='${DATA}'>${BASE64}</data></item>`
const metadata = (id = HASH): string =>
  `<item id='${id}'><metadata xmlns='${METADATA}'><info id='${id}' bytes='${IMAGE.length}' type='image/png'/></metadata></item>`
const photo = `<PHOTO><TYPE>image/png</TYPE><BINVAL>${BASE64}</BINVAL></PHOTO>`
const x = (inner: string): string => `<x xmlns='vcard-temp:x:update'>${inner}</x>`

async function setsCard(client: Client, inner: string): Promise<void> {
  await client.asks(
    `<iq type='set' id='v'><vCard xmlns='vcard-temp'>${inner}</vCard></iq>`,
    "<iq type='result' id='v'/>",
  )
}

async function card(client: Client, answer: string): Promise<void> {
  await client.asks(
    "<iq type='get' id='v' to='juliet@a.test'><vCard xmlns='vcard-temp'/></iq>",
    `<iq type='result' id='v'><vCard xmlns='vcard-temp'>${answer}</vCard></iq>`,
  )
}

test('an avatar that everybody may see becomes the photo of the vCard, whose other parts stay (XEP-0398 §3.1, PEP-07)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  await setsCard(juliet, '<FN>Juliet</FN>')
  await publishes(juliet, DATA, data, { access_model: 'open' })
  await publishes(juliet, METADATA, metadata())
  await card(romeo, `<FN>Juliet</FN>${photo}`)
  await publishes(juliet, METADATA, `<item id='none'><metadata xmlns='${METADATA}'/></item>`)
  await card(romeo, '<FN>Juliet</FN>')
  await expect(card(romeo, '<PHOTO/>')).rejects.toThrow('PHOTO')
})

test.each([
  ['only contacts may see it', data, metadata(), {}],
  [
    'the image has another hash',
    data.replace(BASE64, Buffer.from('other').toString('base64')),
    metadata(),
    { access_model: 'open' },
  ],
  ['the image is not here', data, metadata('1'.repeat(40)), { access_model: 'open' }],
])('an avatar does not become the photo of the vCard when %s (§3.1, §8)', async (_, image, info, options) => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await setsCard(juliet, '<FN>Juliet</FN>')
  await publishes(juliet, DATA, image, options)
  await publishes(juliet, METADATA, info)
  await card(juliet, '<FN>Juliet</FN>')
  await expect(card(juliet, '<PHOTO/>')).rejects.toThrow('PHOTO')
  juliet.send('<presence/>')
  const presence = await juliet.receives("<presence from='juliet@a.test/balcony'/>")
  expect(presence.children).toEqual([])
})

test('the photo of a vCard becomes an avatar, and contacts hear of it; a card without one has none (§3.2)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', METADATA)
  await fixture.quiet()
  romeo.forget()
  await setsCard(juliet, `<FN>Juliet</FN>${photo}`)
  const heard = (inner: string): string =>
    `<message from='juliet@a.test' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='${METADATA}'><item>${inner}</item></items></event></message>`
  await romeo.receives(
    heard(`<metadata xmlns='${METADATA}'><info id='${HASH}' bytes='${IMAGE.length}' type='image/png'/></metadata>`),
  )
  await romeo.asks(
    itemsOf(DATA, '', 'juliet@a.test'),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='${DATA}'><item id='${HASH}'><data xmlns='${DATA}'>${BASE64}</data></item></items></pubsub></iq>`,
  )
  await setsCard(juliet, '<FN>Juliet Capulet</FN>')
  await romeo.receives(heard(`<metadata xmlns='${METADATA}'/>`))
  await setsCard(juliet, '<FN>Juliet</FN>')
  await romeo.receivesNothing()
})

test('a photo that is none is kept as it is, and becomes nothing', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await setsCard(juliet, '<PHOTO><TYPE>image/png</TYPE><BINVAL>***</BINVAL></PHOTO>')
  await juliet.asks(itemsOf(METADATA), refused('g', 'cancel', 'item-not-found'))
})

test('the hash is told with available presence, directed too, where the client does not say otherwise (§4, PEP-07)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  await setsCard(juliet, photo)
  const told = x(`<photo>${HASH}</photo>`)
  for (const [says, hears] of [
    ['', told],
    [x(''), told],
    [x(`<photo>${'0'.repeat(40)}</photo>`), told],
    [x('<photo/>'), x('<photo/>')],
  ] as const) {
    juliet.send(`<presence>${says}</presence>`)
    await juliet.receives(`<presence from='juliet@a.test/balcony'>${hears}</presence>`)
    juliet.send(`<presence to='romeo@a.test/orchard'>${says}</presence>`)
    await romeo.receives(`<presence from='juliet@a.test/balcony'>${hears}</presence>`)
  }
  juliet.send("<presence to='romeo@a.test/orchard' type='unavailable'/>")
  expect((await romeo.receives("<presence type='unavailable'/>")).children).toEqual([])
  const chamber = await fixture.login('juliet@a.test/chamber')
  chamber.send('<presence/>')
  await chamber.receives(`<presence from='juliet@a.test/chamber'>${told}</presence>`)
})
