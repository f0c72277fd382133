import { infoResult } from '@tercet/stanza/disco'
import { xml } from '@tercet/xml/template'
import { expect, test } from 'vitest'
import { startFixture } from '../../fixture.ts'
import { capsHash } from './index.ts'

const INFO = "xmlns='http://jabber.org/protocol/disco#info'"
const CAPS = "xmlns='http://jabber.org/protocol/caps'"

test('the hash of the simple example is the one that is printed there (XEP-0115 §5.2)', () => {
  const info = xml`<query xmlns='http://jabber.org/protocol/disco#info'>
    <identity category='client' name='Exodus 0.9.1' type='pc'/>
    <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>
    <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>
  </query>`
  expect(capsHash(infoResult.read(info))).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=')
})

test('an answer that two different ones could share has no hash (§5.4)', () => {
  const info = xml`<query xmlns='http://jabber.org/protocol/disco#info'>
    <identity category='client' type='pc'/><feature var='a'/><feature var='a'/>
  </query>`
  expect(capsHash(infoResult.read(info))).toBeUndefined()
})

test('the host names its capabilities on authenticated streams, and its answer has that hash (§6.3)', async () => {
  await using fixture = await startFixture()
  const romeo = fixture.connect()
  const before = await romeo.open('romeo@a.test')
  expect(before.children.some(child => typeof child !== 'string' && child.ns.endsWith('/caps'))).toBe(false)
  const after = await romeo.authenticate('romeo@a.test')
  const feature = after.children.find(child => typeof child !== 'string' && child.name === 'c')
  const { ver, node, hash } = (feature as Exclude<typeof feature, string | undefined>).attributes
  expect(hash).toBe('sha-1')
  await romeo.bind('romeo@a.test')
  const answer = await romeo.asks(
    `<iq type='get' id='d1' to='a.test'><query ${INFO} node='${node}#${ver}'/></iq>`,
    `<iq type='result' id='d1'><query ${INFO} node='${node}#${ver}'><feature var='http://jabber.org/protocol/caps'/></query></iq>`,
  )
  const [query] = answer.children
  const { children } = query as Exclude<typeof query, string | undefined>
  const info = { identities: [] as Record<string, string>[], features: [] as string[] }
  for (const child of children)
    if (typeof child !== 'string') {
      if (child.name === 'feature') info.features.push(child.attributes['var']!)
      else info.identities.push(child.attributes)
    }
  // By hand, not by our own reader: what a client that knows no more than the XEP computes.
  const text = [
    ...info.identities.map(({ category, type, name = '' }) => `${category}/${type}//${name}`).sort(),
    ...info.features.sort(),
  ]
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text.map(part => `${part}<`).join('')))
  expect(btoa(String.fromCharCode(...new Uint8Array(digest)))).toBe(ver)
})

test('another hash names nothing (§6.2)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  for (const node of ['xmpp:a.test', 'xmpp:a.test#', 'xmpp:a.test#QgayPKawpkPSDYmwT/WM94uAlu0='])
    await romeo.asks(
      `<iq type='get' id='d1' to='a.test'><query ${INFO} node='${node}'/></iq>`,
      "<iq type='error' id='d1'><error type='cancel'><item-not-found/></error></iq>",
    )
})

test('capabilities of a client reach its subscribers as they are (§8.4)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.login('romeo@a.test/orchard')
  const c = `<c ${CAPS} hash='sha-1' node='urn:example:lute' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>`
  romeo.send(`<presence>${c}</presence>`)
  await juliet.receives(`<presence from='romeo@a.test/orchard'>${c}</presence>`)
})
