import { xml } from '@tercet/xml/template'
import { expect, test } from 'vitest'
import { data, metadata, update } from './avatar.ts'
import { conference, storedConference } from './bookmarks.ts'
import { displayed } from './mds.ts'
import { items, payloadOf, publish, subscribe } from './pubsub.ts'
import { event } from './pubsub-event.ts'
import { resultSet } from './rsm.ts'

test('a publication is read and written (XEP-0060 §7.1.5)', () => {
  const element = xml`<pubsub xmlns='http://jabber.org/protocol/pubsub'>
    <publish node='a'><item id='1'><tune xmlns='urn:example:tune'/></item></publish>
    <publish-options><x xmlns='jabber:x:data' type='submit'><field var='pubsub#access_model'><value>open</value></field></x></publish-options>
  </pubsub>`
  const read = publish.request.read(element)
  expect(read.publish).toMatchObject({ node: 'a', items: [{ id: '1' }] })
  expect(payloadOf(read.publish.items[0]!)?.name).toBe('tune')
  expect(publish.request.write(read)).toEqual(element)
})

test('items may be wanted in pages, as many as somebody likes, and no less than one (XEP-0060 §6.5, XEP-0059 §2)', () => {
  const read = items.request.read(xml`<pubsub xmlns='http://jabber.org/protocol/pubsub'>
    <items node='a' max_items='2'/><set xmlns='http://jabber.org/protocol/rsm'><max>2</max><before/></set>
  </pubsub>`)
  expect(read).toMatchObject({ items: { node: 'a', maxItems: 2 }, set: { max: 2, before: '' } })
  expect(() =>
    items.request.read(xml`<pubsub xmlns='http://jabber.org/protocol/pubsub'><items max_items='0'/></pubsub>`),
  ).toThrow()
  expect(() => resultSet.read(xml`<set xmlns='http://jabber.org/protocol/rsm'><max>-1</max></set>`)).toThrow('max')
  expect(() =>
    subscribe.request.read(xml`<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='a'/></pubsub>`),
  ).toThrow('jid')
})

test('an event says what has happened (XEP-0060 §7.1.2, §7.2.2, §8.5)', () => {
  const ns = 'http://jabber.org/protocol/pubsub#event'
  expect(
    event.read(xml`<event xmlns='${ns}'><items node='a'><item id='1'/><retract id='2'/></items></event>`),
  ).toMatchObject({
    items: { node: 'a', items: [{ id: '1', payloads: [] }], retracted: [{ id: '2' }] },
  })
  expect(event.read(xml`<event xmlns='${ns}'><purge node='a'/></event>`).purge).toEqual({ node: 'a' })
  expect(() => event.read(xml`<event xmlns='${ns}'><items/></event>`)).toThrow('node')
})

test('avatars: image, what is known of it, and its hash in a presence (XEP-0084 §4, XEP-0153 §4)', () => {
  expect(data.read(xml`<data xmlns='urn:xmpp:avatar:data'>aGk=</data>`)).toEqual(new TextEncoder().encode('hi'))
  const info = xml`<metadata xmlns='urn:xmpp:avatar:metadata'><info id='1' bytes='2' type='image/png' width='x'/></metadata>`
  expect(metadata.read(info).infos).toEqual([{ id: '1', bytes: 2, type: 'image/png' }])
  expect(update.read(xml`<x xmlns='vcard-temp:x:update'><photo/></x>`)).toEqual({ photo: '' })
  expect(update.read(xml`<x xmlns='vcard-temp:x:update'/>`)).toEqual({})
})

test('a bookmark keeps what it does not know, in both forms (XEP-0402 §3.4)', () => {
  const newer = xml`<conference xmlns='urn:xmpp:bookmarks:1' autojoin='true' name='Coven'><nick>JC</nick><extensions><a xmlns='urn:a'/></extensions></conference>`
  const bookmark = conference.read(newer)
  expect(conference.write(bookmark)).toEqual(newer)
  const stored = storedConference.write({ ...bookmark, jid: 'coven@rooms.test' })
  expect(storedConference.read(stored)).toEqual({ ...bookmark, jid: 'coven@rooms.test' })
  const foreign = xml`<conference xmlns='storage:bookmarks' jid='a@b'><minimize xmlns='urn:gajim'>1</minimize></conference>`
  expect(
    storedConference
      .read(foreign)
      .extensions?.elements()
      .map(({ name }) => name),
  ).toEqual(['minimize'])
})

test('what was displayed is named by one stanza-id (XEP-0490 §3.1)', () => {
  const read = displayed.read(
    xml`<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='a.test' id='1'/></displayed>`,
  )
  expect(read.stanzaId.id).toBe('1')
  expect(() => displayed.read(xml`<displayed xmlns='urn:xmpp:mds:displayed:0'/>`)).toThrow('stanza-id')
})
