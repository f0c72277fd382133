import { memoryStorage, MemoryDisk } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture } from '../../fixture.ts'
import { removeAccount } from '../../removal.ts'
import {
  EVENT,
  itemsOf,
  OWNER,
  publication,
  publishes,
  PUBSUB,
  refused,
  tune,
  TUNE,
  wanting,
  wants,
} from './pep.fixture.ts'

const event = (to: string, inner: string): string =>
  `<message from='juliet@a.test' to='${to}' type='headline'><event ${EVENT}>${inner}</event></message>`

test('what is published reaches the resources that want it, the own ones too, and no others (XEP-0163 §4.1, §4.3, PEP-01, PEP-02)', async () => {
  await using fixture = await startFixture({ accounts: ['romeo@a.test', 'juliet@a.test', 'nurse@a.test'] })
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await wanting(fixture, 'juliet@a.test/balcony', TUNE)
  const chamber = await wanting(fixture, 'juliet@a.test/chamber', 'urn:example:other')
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', TUNE)
  const garden = await wanting(fixture, 'romeo@a.test/garden', 'urn:example:other')
  const nurse = await wanting(fixture, 'nurse@a.test/home', TUNE)
  const everybody = [juliet, chamber, romeo, garden, nurse]
  await fixture.quiet()
  for (const client of everybody) client.forget()
  await publishes(juliet, TUNE, tune('Heigh ho'))
  const items = `<items node='${TUNE}'><item id='{any}' publisher='juliet@a.test'><tune xmlns='${TUNE}'><title>Heigh ho</title></tune></item></items>`
  await romeo.receives(event('romeo@a.test/orchard', items))
  await juliet.receives(event('juliet@a.test/balcony', items))
  for (const client of everybody) await client.receivesNothing()
})

test('who becomes available, or wants something new, gets the last item with its time, once (§4.3.4)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await publishes(juliet, TUNE, tune('Light of love', 'current'))
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', 'urn:example:other')
  await fixture.quiet()
  romeo.forget()
  await wants(romeo, TUNE)
  const last = (to: string): string =>
    `<message from='juliet@a.test' to='${to}' type='headline'><event ${EVENT}><items node='${TUNE}'><item id='current'>{any}</item></items></event><delay xmlns='urn:xmpp:delay' from='juliet@a.test' stamp='{any}'/></message>`
  await romeo.receives(last('romeo@a.test/orchard'))
  romeo.send('<presence><show>away</show></presence>')
  await romeo.receives("<presence from='romeo@a.test/orchard'><show>away</show></presence>")
  await romeo.receivesNothing()
  romeo.send("<presence type='unavailable'/><presence/>")
  await romeo.find(({ name }) => name === 'message', 'the last item again')
})

test('a contact on a second domain of the server is a contact like any other', async () => {
  const accounts = ['juliet@a.test', 'romeo@b.test']
  await using fixture = await startFixture({ domains: ['a.test', 'b.test'], accounts })
  await fixture.befriend('juliet@a.test', 'romeo@b.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await publishes(juliet, TUNE, tune('Light of love', 'current'))
  const romeo = await wanting(fixture, 'romeo@b.test/orchard', TUNE)
  const items = `<items node='${TUNE}'><item id='current'>{any}</item></items>`
  await romeo.find(({ name }) => name === 'message', 'the last item')
  await fixture.quiet()
  romeo.forget()
  juliet.forget()
  await publishes(juliet, TUNE, tune('Heigh ho', 'current'))
  await romeo.receives(event('romeo@b.test/orchard', items))
  await juliet.receivesNothing()
})

test('options of a publication are preconditions, and make the node when it is absent (XEP-0060 §7.1.5, PEP-03)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await publishes(juliet, 'a', tune('one', '1'), { access_model: 'open', max_items: 'max' })
  await publishes(juliet, 'a', tune('two', '2'), { access_model: 'open', persist_items: 'true' })
  await juliet.asks(
    publication('a', tune('three', '3'), { access_model: 'whitelist' }),
    refused('p', 'cancel', 'conflict', 'precondition-not-met'),
  )
  await juliet.asks(
    publication('a', tune('three', '3'), { sealing_wax: '1' }),
    refused('p', 'modify', 'bad-request', 'precondition-not-met'),
  )
  await juliet.asks(
    publication('b', tune('three', '3'), { access_model: 'everybody' }),
    refused('p', 'modify', 'not-acceptable', 'unsupported-access-model'),
  )
  await juliet.asks(
    itemsOf('a'),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='a'><item id='1'>{any}</item><item id='2'>{any}</item></items></pubsub></iq>`,
  )
  await juliet.asks(itemsOf('b'), refused('g', 'cancel', 'item-not-found'))
})

test('the same id is the same item, the oldest makes room, and who published is not what a client says (§7.1.2, PEP-04)', async () => {
  await using fixture = await startFixture()
  const juliet = await wanting(fixture, 'juliet@a.test/balcony', 'a')
  const options = { max_items: '2' }
  for (const [word, id] of [
    ['one', '1'],
    ['two', '2'],
    ['one again', '1'],
    ['three', '3'],
  ] as const) {
    const item = tune(word, id).replace('<item', "<item publisher='romeo@a.test'")
    await publishes(juliet, 'a', item, options)
    await juliet.receives(
      event(
        'juliet@a.test/balcony',
        `<items node='a'><item id='${id}' publisher='juliet@a.test'><tune xmlns='${TUNE}'><title>${word}</title></tune></item></items>`,
      ),
    )
  }
  const [query] = (await juliet.asks(itemsOf('a'), "<iq type='result' id='g'/>")).children
  expect(JSON.stringify(query)).toMatch(/one again.*three/)
  expect(JSON.stringify(query)).not.toContain('two')
})

test('devices and keys of OMEMO can be read by strangers without any option, and other nodes cannot (XEP-0384 §4)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  for (const [node, id] of [
    ['urn:xmpp:omemo:2:devices', 'current'],
    ['eu.siacs.conversations.axolotl.devicelist', 'current'],
    ['eu.siacs.conversations.axolotl.bundles:31415', 'current'],
    ['urn:xmpp:omemo:2:bundles', '1'],
    ['urn:xmpp:omemo:2:bundles', '2'],
  ] as const) {
    await publishes(juliet, node, tune('keys', id))
    await romeo.asks(
      itemsOf(node, '', 'juliet@a.test'),
      `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='${node}'><item id='{any}'>{any}</item></items></pubsub></iq>`,
    )
  }
  const both = `<iq type='get' id='g' to='juliet@a.test'><pubsub ${PUBSUB}><items node='urn:xmpp:omemo:2:bundles'><item id='1'/><item id='2'/></items></pubsub></iq>`
  await romeo.asks(
    both,
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='urn:xmpp:omemo:2:bundles'><item id='1'>{any}</item><item id='2'>{any}</item></items></pubsub></iq>`,
  )
  await publishes(juliet, TUNE, tune('mine'))
  await publishes(juliet, 'urn:xmpp:bookmarks:1', tune('mine', 'room@a.test'))
  await romeo.asks(
    itemsOf(TUNE, '', 'juliet@a.test'),
    refused('g', 'auth', 'not-authorized', 'presence-subscription-required'),
  )
  await romeo.asks(
    itemsOf('urn:xmpp:bookmarks:1', '', 'juliet@a.test'),
    refused('g', 'cancel', 'not-allowed', 'closed-node'),
  )
})

test('a stranger does not learn whether an account exists that has published nothing for him', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  for (const to of ['juliet@a.test', 'nobody@a.test'])
    await romeo.asks(itemsOf('a', '', to), refused('g', 'cancel', 'service-unavailable'))
})

test('nobody but the owner publishes, deletes, configures or looks behind', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  await publishes(juliet, 'a', tune('one', '1'))
  const to = "<iq to='juliet@a.test'"
  for (const inner of [
    `<publish node='a'>${tune('poison', '1')}</publish>`,
    `<retract node='a'><item id='1'/></retract>`,
    `<create node='b'/>`,
  ])
    await romeo.asks(
      `${to} type='set' id='x'><pubsub ${PUBSUB}>${inner}</pubsub></iq>`,
      refused('x', 'auth', 'forbidden'),
    )
  for (const [type, inner] of [
    ['get', "<configure node='a'/>"],
    ['set', "<purge node='a'/>"],
    ['set', "<delete node='a'/>"],
    ['get', "<subscriptions node='a'/>"],
    ['get', "<affiliations node='a'/>"],
  ] as const)
    await romeo.asks(
      `${to} type='${type}' id='x'><pubsub ${OWNER}>${inner}</pubsub></iq>`,
      refused('x', 'auth', 'forbidden'),
    )
  await romeo.asks(
    `${to} type='set' id='x'><pubsub ${PUBSUB}><publish node='b'>${tune('poison')}</publish></pubsub></iq>`,
    refused('x', 'cancel', 'item-not-found'),
  )
  await juliet.asks(
    itemsOf('a'),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='a'><item id='1'>{any}</item></items></pubsub></iq>`,
  )
})

test('lists of nodes show those alone that the asker may read (XEP-0163 §6.2, PEP-05)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  await publishes(juliet, TUNE, tune('mine'))
  await publishes(juliet, 'urn:xmpp:bookmarks:1', tune('mine', 'room@a.test'))
  await publishes(juliet, 'secret', tune('mine'), { access_model: 'whitelist' })
  const ask = (to: string): string =>
    `<iq type='get' id='d' to='${to}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`
  const seen = JSON.stringify(await romeo.asks(ask('juliet@a.test'), "<iq type='result' id='d'/>"))
  expect(seen).toContain(TUNE)
  expect(seen).not.toMatch(/bookmarks|secret/)
  const own = JSON.stringify(await juliet.asks(ask('juliet@a.test'), "<iq type='result' id='d'/>"))
  expect(own).toMatch(/bookmarks/)
  for (const query of ['info', 'items'])
    await romeo.asks(
      `<iq type='get' id='d' to='juliet@a.test'><query xmlns='http://jabber.org/protocol/disco#${query}' node='secret'/></iq>`,
      refused('d', 'cancel', 'item-not-found'),
    )
  await romeo.asks(
    `<iq type='get' id='d' to='juliet@a.test'><query xmlns='http://jabber.org/protocol/disco#info' node='${TUNE}'/></iq>`,
    `<iq type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#info' node='${TUNE}'><identity category='pubsub' type='leaf'/><x xmlns='jabber:x:data' type='result'><field var='pubsub#access_model'><value>presence</value></field></x></query></iq>`,
  )
})

test('who loses access loses the subscription and hears of it (XEP-0163 §7.1, PEP-05)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  await publishes(juliet, 'a', tune('one', '1'), { access_model: 'roster', roster_groups_allowed: 'Lovers' })
  const subscribe = `<iq type='set' id='s' to='juliet@a.test'><pubsub ${PUBSUB}><subscribe node='a' jid='romeo@a.test'/></pubsub></iq>`
  await romeo.asks(subscribe, refused('s', 'auth', 'not-authorized', 'not-in-roster-group'))
  const group = (inner: string): string =>
    `<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='romeo@a.test'>${inner}</item></query></iq>`
  await juliet.asks(group('<group>Lovers</group>'), "<iq type='result' id='r'/>")
  await romeo.asks(
    subscribe,
    `<iq type='result' id='s'><pubsub ${PUBSUB}><subscription node='a' jid='romeo@a.test' subscription='subscribed'/></pubsub></iq>`,
  )
  await romeo.find(({ name }) => name === 'message', 'the last item')
  romeo.forget()
  await publishes(juliet, 'a', tune('two', '1'))
  await romeo.receives(event('romeo@a.test', "<items node='a'><item id='1'>{any}</item></items>"))
  await juliet.asks(group('<group>Kinsmen</group>'), "<iq type='result' id='r'/>")
  await romeo.receives(event('romeo@a.test', "<subscription node='a' jid='romeo@a.test' subscription='none'/>"))
  await publishes(juliet, 'a', tune('three', '1'))
  await romeo.receivesNothing()
  await romeo.asks(itemsOf('a', '', 'juliet@a.test'), refused('g', 'auth', 'not-authorized', 'not-in-roster-group'))
})

test('pages follow ids that are compared, whatever they look like (XEP-0059 §2, SEC-03)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const ids = ["1'; DROP TABLE row; --", '%', '../../etc/passwd', '4', '5']
  for (const id of ids) await publishes(juliet, 'a', tune('x', id.replaceAll("'", '&apos;')), { max_items: 'max' })
  const page = async (set: string): Promise<string[]> => {
    const answer = await juliet.asks(
      itemsOf('a', `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`),
      "<iq type='result' id='g'/>",
    )
    return [...JSON.stringify(answer).matchAll(/"id":"([^"]*)"/g)].map(([, id]) => id!).filter(id => id !== 'g')
  }
  expect(await page('<max>2</max>')).toEqual(ids.slice(0, 2))
  expect(await page(`<max>2</max><after>${ids[1]}</after>`)).toEqual(ids.slice(2, 4))
  expect(await page('<max>2</max><before/>')).toEqual(ids.slice(3))
  expect(await page(`<max>9</max><before>${ids[2]}</before>`)).toEqual(ids.slice(0, 2))
  for (const set of [
    "<after>' OR '1'='1</after>",
    '<before>4;</before>',
    `<after>${'x'.repeat(5000)}</after>`,
    '<index>9</index>',
  ])
    await juliet.asks(
      itemsOf('a', `<set xmlns='http://jabber.org/protocol/rsm'><max>2</max>${set}</set>`),
      refused('g', 'cancel', 'item-not-found'),
    )
  await juliet.asks(
    itemsOf('a', "<set xmlns='http://jabber.org/protocol/rsm'><max>-1</max></set>"),
    refused('g', 'modify', 'bad-request'),
  )
  const answer = await juliet.asks(
    `<iq type='get' id='g'><pubsub ${PUBSUB}><items node='a' max_items='2'/></pubsub></iq>`,
    "<iq type='result' id='g'/>",
  )
  expect([...JSON.stringify(answer).matchAll(/"id":"([45])"/g)]).toHaveLength(2)
})

test('retracted, purged and deleted: who wants the node hears of it (XEP-0060 §7.2, §8.4, §8.5)', async () => {
  await using fixture = await startFixture()
  const juliet = await wanting(fixture, 'juliet@a.test/balcony', 'a')
  await publishes(juliet, 'a', tune('one', '1'), { max_items: 'max' })
  await publishes(juliet, 'a', tune('two', '2'))
  juliet.forget()
  const set = (ns: string, inner: string): string => `<iq type='set' id='x'><pubsub ${ns}>${inner}</pubsub></iq>`
  const result = "<iq type='result' id='x'/>"
  await juliet.asks(set(PUBSUB, "<retract node='a' notify='true'><item id='2'/></retract>"), result)
  await juliet.receives(event('juliet@a.test/balcony', "<items node='a'><retract id='2'/></items>"))
  await juliet.asks(set(PUBSUB, "<retract node='a'><item id='2'/></retract>"), refused('x', 'cancel', 'item-not-found'))
  await juliet.asks(set(PUBSUB, "<retract node='a'/>"), refused('x', 'modify', 'bad-request', 'item-required'))
  await juliet.asks(set(OWNER, "<purge node='a'/>"), result)
  await juliet.receives(event('juliet@a.test/balcony', "<purge node='a'/>"))
  await juliet.asks(set(OWNER, "<delete node='a'><redirect uri='xmpp:b.test?;node=a'/></delete>"), result)
  await juliet.receives(
    event('juliet@a.test/balcony', "<delete node='a'><redirect uri='xmpp:b.test?;node=a'/></delete>"),
  )
  await juliet.asks(itemsOf('a'), refused('g', 'cancel', 'item-not-found'))
})

test('an owner configures a node with its form, and what is none is refused (§8.2)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const set = (ns: string, inner: string): string => `<iq type='set' id='x'><pubsub ${ns}>${inner}</pubsub></iq>`
  const form = (fields: string): string =>
    `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#node_config</value></field>${fields}</x>`
  const field = (name: string, value: string): string => `<field var='pubsub#${name}'><value>${value}</value></field>`
  await juliet.asks(
    set(PUBSUB, `<create node='a'/><configure>${form(field('title', 'Tunes'))}</configure>`),
    "<iq type='result' id='x'/>",
  )
  await juliet.asks(set(PUBSUB, "<create node='a'/>"), refused('x', 'cancel', 'conflict'))
  await juliet.asks(
    set(OWNER, `<configure node='a'>${form(field('access_model', 'open') + field('max_items', '7'))}</configure>`),
    "<iq type='result' id='x'/>",
  )
  await juliet.asks(
    `<iq type='get' id='x'><pubsub ${OWNER}><configure node='a'/></pubsub></iq>`,
    `<iq type='result' id='x'><pubsub ${OWNER}><configure node='a'><x xmlns='jabber:x:data' type='form'>${field('access_model', 'open')}${field('max_items', '7')}${field('title', 'Tunes')}</x></configure></pubsub></iq>`,
  )
  await juliet.asks(
    set(OWNER, `<configure node='a'>${form(field('max_items', '0'))}</configure>`),
    refused('x', 'modify', 'not-acceptable'),
  )
  await juliet.asks(set(OWNER, "<configure node='a'/>"), refused('x', 'modify', 'bad-request'))
  await juliet.asks(set(OWNER, '<configure/>'), refused('x', 'modify', 'bad-request'))
  await juliet.asks(
    set(PUBSUB, '<create/>'),
    `<iq type='result' id='x'><pubsub ${PUBSUB}><create node='{any}'/></pubsub></iq>`,
  )
  await juliet.asks(
    set(PUBSUB, "<options node='a' jid='juliet@a.test'/>"),
    "<iq type='error' id='x'><error type='cancel'><feature-not-implemented/><unsupported xmlns='http://jabber.org/protocol/pubsub#errors' feature='subscription-options'/></error></iq>",
  )
})

test('bounds: the size of an item, of all of them, and the number of nodes', async () => {
  const moduleOptions = { pep: { nodes: 2, item_size: 1024, total_size: 3000 } }
  await using fixture = await startFixture({ moduleOptions })
  const juliet = await fixture.available('juliet@a.test/balcony')
  await juliet.asks(
    publication('a', tune('x'.repeat(2000))),
    refused('p', 'modify', 'not-acceptable', 'payload-too-big'),
  )
  const options = { max_items: 'max' }
  for (const id of ['1', '2', '3']) await publishes(juliet, 'a', tune('x'.repeat(900), id), options)
  await juliet.asks(publication('a', tune('x'.repeat(900), '4')), refused('p', 'wait', 'resource-constraint'))
  await publishes(juliet, 'a', tune('x'.repeat(900), '3'))
  await publishes(juliet, 'b', tune('x'))
  await juliet.asks(publication('c', tune('x')), "<iq type='error' id='p'><error><policy-violation/></error></iq>")
  const long = 'n'.repeat(1024)
  await juliet.asks(publication(long, tune('x')), refused('p', 'modify', 'not-acceptable'))
  await juliet.asks(publication('a', tune('x', long)), refused('p', 'modify', 'not-acceptable'))
})

test('an item is one element in a namespace', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  for (const [item, own] of [
    ['', 'item-required'],
    ["<item id='1'/>", 'payload-required'],
    ["<item><a xmlns='urn:a'/><b xmlns='urn:b'/></item>", 'invalid-payload'],
    ["<item><a xmlns=''/></item>", 'invalid-payload'],
  ] as const)
    await juliet.asks(publication('a', item), refused('p', 'modify', 'bad-request', own))
  await juliet.asks(publication('', tune('x')), refused('p', 'modify', 'bad-request', 'nodeid-required'))
  const inside =
    "<item id='1'><a xmlns='urn:a'><message xmlns='jabber:client' to='b.test'><body>&lt;</body></message><item xmlns='http://jabber.org/protocol/pubsub'/></a></item>"
  await publishes(juliet, 'a', inside)
  await juliet.asks(
    itemsOf('a'),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='a'>${inside}</items></pubsub></iq>`,
  )
})

test('what is published survives a restart, and goes with the account', async () => {
  const disk = new MemoryDisk()
  {
    const storage = memoryStorage({ disk })
    const fixture = await startFixture({ storage })
    const juliet = await fixture.available('juliet@a.test/balcony')
    await publishes(juliet, 'a', tune('one', '1'))
    await fixture.server.stop()
    await storage.close()
  }
  const storage = memoryStorage({ disk })
  await using fixture = await startFixture({ storage })
  const juliet = await fixture.available('juliet@a.test/balcony')
  await juliet.asks(
    itemsOf('a'),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='a'><item id='1'>{any}</item></items></pubsub></iq>`,
  )
  await removeAccount(fixture.server.hosts.get('a.test')!, 'juliet')
  for (const [table, owner] of [
    ['pubsub nodes', 'juliet'],
    ['pubsub items', 'juliet\u001fa'],
  ] as const)
    expect(await storage.table(table).list('a.test', owner)).toEqual([])
})

test('nobody hears of what could not be stored, and the publisher hears that', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await wanting(fixture, 'juliet@a.test/balcony', TUNE)
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', TUNE)
  await fixture.quiet()
  juliet.forget()
  romeo.forget()
  storage.failCommits('full')
  await juliet.asks(publication(TUNE, tune('lost')), refused('p', 'wait', 'resource-constraint'))
  await romeo.receivesNothing()
  storage.failCommits(undefined)
  await juliet.asks(itemsOf(TUNE), refused('g', 'cancel', 'item-not-found'))
})

test('an error that comes back goes to the account, not to its clients, and the resource is not asked again (§4.3.1, PEP-02)', async () => {
  await using fixture = await startFixture()
  await fixture.rosterItem('juliet@a.test', 'mercutio@b.test', 'both')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const c = "<c xmlns='http://jabber.org/protocol/caps' node='urn:example:m' ver='1'/>"
  fixture.afar.sends(`<presence from='mercutio@b.test/street' to='juliet@a.test'>${c}</presence>`)
  await juliet.receives(`<presence from='mercutio@b.test/street'>${c}</presence>`)
  const question = fixture.afar.unread.find(text => text.startsWith('<iq'))!
  const id = /id='([^']*)'/.exec(question)![1]!
  fixture.afar.sends(
    `<iq type='result' id='${id}' from='mercutio@b.test/street' to='juliet@a.test'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='${TUNE}+notify'/></query></iq>`,
  )
  await juliet.barrier()
  const notified = (): number => fixture.afar.unread.filter(text => text.startsWith('<message')).length
  await publishes(juliet, TUNE, tune('one'))
  await fixture.quiet()
  expect(notified()).toBe(1)
  fixture.afar.sends(
    "<message type='error' from='mercutio@b.test/street' to='juliet@a.test'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
  )
  await publishes(juliet, TUNE, tune('two'))
  await juliet.receivesNothing()
  expect(notified()).toBe(1)
})

test('an owner is asked for a subscription to a node that says so, and answers (XEP-0060 §8.6)', async () => {
  await using fixture = await startFixture({ accounts: ['romeo@a.test', 'juliet@a.test', 'nurse@a.test'] })
  const juliet = await fixture.available('juliet@a.test/balcony')
  await publishes(juliet, 'a', tune('one', '1'), { access_model: 'authorize' })
  const subscribe = (name: string): string =>
    `<iq type='set' id='s' to='juliet@a.test'><pubsub ${PUBSUB}><subscribe node='a' jid='${name}@a.test'/></pubsub></iq>`
  const pending = `<iq type='result' id='s'><pubsub ${PUBSUB}><subscription node='a' subscription='pending'/></pubsub></iq>`
  const field = (name: string, value: string): string => `<field var='pubsub#${name}'><value>${value}</value></field>`
  const type =
    "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#subscribe_authorization</value></field>"
  const answer = (name: string, allow: string, to = ''): string =>
    `<message ${to}><x xmlns='jabber:x:data' type='submit'>${type}${field('node', 'a')}${field('subscriber_jid', `${name}@a.test`)}${field('allow', allow)}</x></message>`
  const romeo = await fixture.available('romeo@a.test/orchard')
  const nurse = await fixture.available('nurse@a.test/home')
  for (const [client, name] of [
    [romeo, 'romeo'],
    [nurse, 'nurse'],
  ] as const) {
    await client.asks(subscribe(name), pending)
    await juliet.receives(
      `<message from='juliet@a.test'><x xmlns='jabber:x:data' type='form'>${type}${field('node', 'a')}${field('subscriber_jid', `${name}@a.test`)}${field('allow', 'false')}</x></message>`,
    )
    await client.asks(subscribe(name), refused('s', 'auth', 'not-authorized', 'pending-subscription'))
    await client.asks(itemsOf('a', '', 'juliet@a.test'), refused('g', 'auth', 'not-authorized', 'not-subscribed'))
  }
  // Nobody agrees for the owner.
  romeo.send(answer('romeo', '1', "to='juliet@a.test'"))
  await juliet.find(({ name }) => name === 'message', 'a message like any other')
  await romeo.receivesNothing()
  juliet.send(answer('romeo', 'true') + answer('nurse', '0'))
  await romeo.receives(event('romeo@a.test', "<subscription node='a' jid='romeo@a.test' subscription='subscribed'/>"))
  await romeo.receives(event('romeo@a.test', "<items node='a'><item id='1'>{any}</item></items>"))
  await nurse.receives(event('nurse@a.test', "<subscription node='a' jid='nurse@a.test' subscription='none'/>"))
  await juliet.receivesNothing()
  await romeo.asks(itemsOf('a', '', 'juliet@a.test'), "<iq type='result' id='g'/>")
})

test('who is blocked is not notified, until that is over (XEP-0163 §4.3.3, XEP-0191)', async () => {
  await using fixture = await startFixture()
  await fixture.befriend('juliet@a.test', 'romeo@a.test')
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await wanting(fixture, 'romeo@a.test/orchard', TUNE)
  const block = (name: string): string =>
    `<iq type='set' id='b'><${name} xmlns='urn:xmpp:blocking'><item jid='romeo@a.test'/></${name}></iq>`
  await juliet.asks(block('block'), "<iq type='result' id='b'/>")
  await fixture.quiet()
  romeo.forget()
  await publishes(juliet, TUNE, tune('Heigh ho'))
  await romeo.receivesNothing()
  await juliet.asks(block('unblock'), "<iq type='result' id='b'/>")
  await fixture.quiet()
  romeo.forget()
  await publishes(juliet, TUNE, tune('Light of love', 'current'))
  await romeo.receives(event('romeo@a.test/orchard', `<items node='${TUNE}'><item id='current'>{any}</item></items>`))
})
