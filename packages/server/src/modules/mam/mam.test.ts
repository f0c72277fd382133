import { BareJid } from '@tercet/jid'
import { memoryStorage } from '@tercet/storage/memory'
import { elementsOf, type XmlElement } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture, type FixtureOptions } from '../../fixture.ts'
import { chat, FULLTEXT, MAM, page, query, set } from './mam.fixture.ts'

/** Juliet has sent romeo ten messages, m0 to m9; each has sent them from one of two places. */
async function tenMessages(options: FixtureOptions = {}) {
  const fixture = await startFixture(options)
  const balcony = await fixture.login('juliet@a.test/balcony')
  const chamber = await fixture.login('juliet@a.test/chamber')
  for (let number = 0; number < 10; number++) {
    const sender = number % 2 === 0 ? balcony : chamber
    sender.send(chat('romeo@a.test', `m${number}`))
    await sender.barrier()
  }
  const romeo = await fixture.login('romeo@a.test/orchard')
  return { fixture, romeo, balcony }
}

test('pages in both directions, with every kind of bound (XEP-0313 §4.3, XEP-0059 §2)', async () => {
  const { fixture, romeo, balcony } = await tenMessages()
  await using _ = fixture
  const all = await page(romeo, query({}))
  const names = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `m${from + at}`)
  expect(all).toMatchObject({ bodies: names(0, 10), complete: true, first: all.ids[0], last: all.ids[9] })
  const id = (number: number) => all.ids[number]!
  const cases: [string, string[], boolean][] = [
    [query({}, set('<max>3</max>')), names(0, 3), false],
    [query({}, set(`<max>3</max><after>${id(2)}</after>`)), names(3, 6), false],
    [query({}, set(`<max>7</max><after>${id(2)}</after>`)), names(3, 10), true],
    [query({}, set(`<after>${id(9)}</after>`)), [], true],
    [query({}, set('<max>2</max><before/>')), names(8, 10), false],
    [query({}, set(`<max>2</max><before>${id(8)}</before>`)), names(6, 8), false],
    [query({}, set(`<before>${id(2)}</before>`)), names(0, 2), true],
    [query({ 'after-id': id(3), 'before-id': id(7) }), names(4, 7), true],
    [query({ 'after-id': id(3) }, set(`<after>${id(5)}</after><max>1</max>`)), names(6, 7), false],
    [query({ 'before-id': id(7) }, set('<before/><max>2</max>')), names(5, 7), false],
    [query({ ids: [id(7), id(2)] }), ['m2', 'm7'], true],
    [query({}, `${set('<max>2</max><before/>')}<flip-page/>`), ['m9', 'm8'], false],
    [query({ with: 'juliet@a.test' }, set('<max>2</max>')), names(0, 2), false],
    [query({ with: 'juliet@a.test/chamber' }), ['m1', 'm3', 'm5', 'm7', 'm9'], true],
    [query({ with: 'nurse@a.test' }), [], true],
    [query({ with: 'romeo@a.test' }), [], true],
    [query({ start: '2000-01-01T00:00:00Z', end: '2001-01-01T00:00:00Z' }), [], true],
    [query({ start: '2000-01-01T00:00:00+02:00' }, set('<max>1</max>')), ['m0'], false],
    [query({ [FULLTEXT]: 'M4' }), ['m4'], true],
    [query({ 'include-groupchat': 'false' }, set('<max>1</max>')), ['m0'], false],
    [query({}, set('<max>0</max>')), [], false],
  ]
  for (const [payload, bodies, complete] of cases)
    expect(await page(romeo, payload), payload).toMatchObject({ bodies, complete })
  // Only the resource of the other end counts: those she sent from the balcony, in her own archive, went to no resource.
  expect((await page(balcony, query({ with: 'romeo@a.test' }))).bodies).toEqual(names(0, 10))
})

test('the size of a page is bounded by the server (§4.3)', async () => {
  const { fixture, romeo } = await tenMessages({ moduleOptions: { mam: { page: 3, max_page: 4 } } })
  await using _ = fixture
  expect((await page(romeo, query({}))).bodies).toHaveLength(3)
  expect((await page(romeo, query({}, set('<max>1000</max>')))).bodies).toHaveLength(4)
  await romeo.asks(
    `<iq type='set' id='q1'>${query({ ids: ['1', '2', '3', '4', '5'] })}</iq>`,
    "<iq type='error' id='q1'><error type='modify'><policy-violation/></error></iq>",
  )
})

test.each([
  ['an unknown id after', query({}, set('<after>nobody</after>')), 'item-not-found'],
  ['an unknown id before', query({}, set('<before>nobody</before>')), 'item-not-found'],
  ['an unknown after-id', query({ 'after-id': "' OR 1=1 --" }), 'item-not-found'],
  ['an unknown before-id', query({ 'before-id': '0'.repeat(27) }), 'item-not-found'],
  ['unknown ids', query({ ids: '0'.repeat(27) }), 'item-not-found'],
  ['an id without end', query({}, set(`<after>${'0'.repeat(10_000)}</after>`)), 'item-not-found'],
  ['an unknown field', query({ colour: 'red' }), 'feature-not-implemented'],
  ['a field that every object has', query({ constructor: 'x' }), 'feature-not-implemented'],
  ['paging by number', query({}, set('<index>3</index>')), 'feature-not-implemented'],
  ['another type of form', `<query xmlns='${MAM}'><x xmlns='jabber:x:data' type='submit'/></query>`, 'bad-request'],
  ['a number that is none', query({}, set('<max>many</max>')), 'bad-request'],
  ['a negative page', query({}, set('<max>-1</max>')), 'bad-request'],
  ['a time that is none', query({ start: 'yesterday' }), 'bad-request'],
  ['an address that is none', query({ with: '@' }), 'jid-malformed'],
  ['a search without end', query({ [FULLTEXT]: 'x'.repeat(501) }), 'bad-request'],
  ['a node', query({}, '', " node='n'"), 'item-not-found'],
])('a query is refused: %s (§4.1, §4.3.2)', async (_, payload, condition) => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='set' id='q1'>${payload}</iq>`,
    `<iq type='error' id='q1'><error><${condition}/></error></iq>`,
  )
})

test('one bound may be known and another not: every id has to be in the archive (§4.1.3)', async () => {
  const { fixture, romeo } = await tenMessages()
  await using _ = fixture
  const { ids } = await page(romeo, query({}))
  for (const field of ['after-id', 'before-id'])
    await romeo.asks(
      `<iq type='set' id='${field}'>${query({ [field]: '0'.repeat(27) }, set(`<after>${ids[3]}</after><before>${ids[5]}</before>`))}</iq>`,
      `<iq type='error' id='${field}'><error type='cancel'><item-not-found/></error></iq>`,
    )
})

test('an archive is its owner’s alone, and nobody learns which accounts there are (§8.1)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  for (const to of ['juliet@a.test', 'nobody@a.test'])
    for (const [type, payload] of [
      ['set', query({})],
      ['get', `<query xmlns='${MAM}'/>`],
      ['get', `<metadata xmlns='${MAM}'/>`],
      ['get', `<prefs xmlns='${MAM}'/>`],
      ['set', `<prefs xmlns='${MAM}' default='never'/>`],
    ] as const)
      await romeo.asks(
        `<iq type='${type}' id='q1' to='${to}'>${payload}</iq>`,
        "<iq type='error' id='q1'><error type='auth'><forbidden/></error></iq>",
      )
})

test('a message has one id: on the wire, in the spool, in the archive and in copies (§3.5, XEP-0280)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.login('juliet@a.test/balcony')
  const chamber = await fixture.login('juliet@a.test/chamber')
  await chamber.asks("<iq type='set' id='c1'><enable xmlns='urn:xmpp:carbons:2'/></iq>", "<iq type='result' id='c1'/>")
  juliet.send(chat('romeo@a.test', 'away', "<stanza-id xmlns='urn:xmpp:sid:0' by='Romeo@A.test' id='forged'/>"))
  await juliet.barrier()
  const romeo = await fixture.available('romeo@a.test/orchard')
  juliet.send(chat('romeo@a.test', 'live', "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@a.test' id='forged'/>"))
  const idsOf = (message: XmlElement) =>
    elementsOf(message)
      .filter(({ name }) => name === 'stanza-id')
      .map(({ attributes }) => [attributes['by'], attributes['id']])
  const seen = [await romeo.next('away'), await romeo.next('live')].map(idsOf)
  const { ids, texts } = await page(romeo, query({}))
  expect(seen).toEqual(ids.map(id => [['romeo@a.test', id]]))
  expect(texts.join('')).not.toContain('forged')
  const copies = [await chamber.next('away'), await chamber.next('live')]
  const hers = await page(chamber, query({}))
  const inner = copies.map(copy => elementsOf(elementsOf(elementsOf(copy)[0]!)[0]!)[0]!)
  expect(inner.map(message => idsOf(message).filter(([by]) => by === 'juliet@a.test'))).toEqual(
    hers.ids.map(id => [['juliet@a.test', id]]),
  )
})

test('what is kept is what its reader would miss, and each thing once (§6.1.1, XEP-0334)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  const garden = await fixture.available('romeo@a.test/garden')
  const juliet = await fixture.login('juliet@a.test/balcony')
  const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`
  juliet.send(chat('romeo@a.test', 'forked'))
  juliet.send(chat('romeo@a.test', 'no-store', hint('no-store')))
  juliet.send(chat('romeo@a.test', 'no-permanent-store', hint('no-permanent-store')))
  juliet.send(
    "<message to='romeo@a.test' type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
  )
  juliet.send("<message to='romeo@a.test' type='headline'><body>headline</body></message>")
  juliet.send("<message to='romeo@a.test/nowhere'><body>refused</body></message>")
  await juliet.find(({ attributes }) => attributes['type'] === 'error', 'the refusal')
  garden.send(chat('romeo@a.test', 'to myself'))
  for (const client of [romeo, garden]) await client.find(({ attributes }) => attributes['id'] === 'to myself', 'it')
  await fixture.quiet()
  for (const client of [romeo, garden]) while (client.unread.length > 0) await client.next('what is left')
  expect((await page(romeo, query({}))).bodies).toEqual(['forked', 'to myself'])
  expect((await page(romeo, query({ with: 'romeo@a.test' }))).bodies).toEqual(['to myself'])
  // Her own archive has what she sent, refused or not.
  expect((await page(juliet, query({}))).bodies).toEqual(['forked', 'refused'])
})

test('metadata tells the first and the last message, or nothing (§5)', async () => {
  const { fixture, romeo } = await tenMessages()
  await using _ = fixture
  const { first, last } = await page(romeo, query({}))
  const ask = `<iq type='get' id='q1'><metadata xmlns='${MAM}'/></iq>`
  await romeo.asks(
    ask,
    `<iq type='result' id='q1'><metadata xmlns='${MAM}'><start id='${first}' timestamp='{any}'/><end id='${last}' timestamp='{any}'/></metadata></iq>`,
  )
  const nobody = await fixture.login('juliet@a.test/x')
  await nobody.asks(`<iq type='set' id='q2'>${query({}, set('<max>0</max>'))}</iq>`, "<iq type='result' id='q2'/>")
})

test('the fields of a filter can be asked for (§4.1.6)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const answer = await romeo.asks(
    `<iq type='get' id='q1'><query xmlns='${MAM}'/></iq>`,
    `<iq type='result' id='q1'><query xmlns='${MAM}'><x xmlns='jabber:x:data' type='form'>{any}</x></query></iq>`,
  )
  for (const name of ['start', 'end', 'with', 'before-id', 'after-id', 'ids', FULLTEXT])
    expect(JSON.stringify(answer)).toContain(`"${name}"`)
  expect(JSON.stringify(answer)).not.toContain('required')
})

test('preferences decide what is kept, from the next message on and over restarts (XEP-0441 §4)', async () => {
  await using fixture = await startFixture({ accounts: ['romeo@a.test', 'juliet@a.test', 'nurse@a.test'] })
  await fixture.befriend('romeo@a.test', 'nurse@a.test')
  const romeo = await fixture.login('romeo@a.test/orchard')
  const juliet = await fixture.login('juliet@a.test/balcony')
  const nurse = await fixture.login('nurse@a.test/kitchen')
  let number = 0
  const kept = async (prefs: string) => {
    await romeo.asks(
      `<iq type='set' id='p1'><prefs xmlns='${MAM}' ${prefs}</prefs></iq>`,
      `<iq type='result' id='p1'><prefs xmlns='${MAM}'>{any}</prefs></iq>`,
    )
    number += 1
    juliet.send(chat('romeo@a.test', `j${number}`))
    nurse.send(chat('romeo@a.test', `n${number}`))
    romeo.send(chat('juliet@a.test', `r${number}`))
    await fixture.quiet()
    const { bodies } = await page(romeo, query({}, set('<before/>')))
    return bodies
      .filter(body => body.endsWith(String(number)))
      .sort()
      .join(' ')
  }
  const list = (name: string, ...jids: string[]) =>
    `<${name}>${jids.map(jid => `<jid>${jid}</jid>`).join('')}</${name}>`
  expect(await kept("default='always'>")).toBe('j1 n1 r1')
  expect(await kept("default='never'>")).toBe('')
  expect(await kept("default='roster'>")).toBe('n3')
  expect(await kept(`default='never'>${list('always', 'juliet@a.test')}`)).toBe('j4 r4')
  expect(await kept(`default='always'>${list('never', 'juliet@a.test/balcony')}`)).toBe('n5 r5')
  expect(await kept(`default='always'>${list('never', 'nurse@a.test')}${list('always', 'nurse@a.test')}`)).toBe('j6 r6')
  await romeo.asks(
    `<iq type='get' id='p2'><prefs xmlns='${MAM}'/></iq>`,
    `<iq type='result' id='p2'><prefs xmlns='${MAM}' default='always'><always><jid>nurse@a.test</jid></always><never><jid>nurse@a.test</jid></never></prefs></iq>`,
  )
  await romeo.asks(
    `<iq type='set' id='p3'><prefs xmlns='${MAM}' default='sometimes'/></iq>`,
    "<iq type='error' id='p3'><error type='modify'><bad-request/></error></iq>",
  )
})

test('preferences that could not be stored do not hold', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.login('romeo@a.test/orchard')
  storage.failCommits('full')
  await romeo.asks(
    `<iq type='set' id='p1'><prefs xmlns='${MAM}' default='never'/></iq>`,
    "<iq type='error' id='p1'><error type='wait'><resource-constraint/></error></iq>",
  )
  storage.failCommits(undefined)
  await romeo.asks(
    `<iq type='get' id='p2'><prefs xmlns='${MAM}'/></iq>`,
    `<iq type='result' id='p2'><prefs xmlns='${MAM}' default='always'/></iq>`,
  )
})

test('who was promised that it is safe is heard when it is: not before both archives have it', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.managed('juliet@a.test/balcony')
  storage.hold()
  juliet.send(`${chat('romeo@a.test', 'm1')}<r xmlns='urn:xmpp:sm:3'/>`)
  await juliet.receives("<a xmlns='urn:xmpp:sm:3' h='0'/>")
  await juliet.barrier()
  expect(romeo.unread).toEqual([])
  storage.release()
  await romeo.receives("<message id='m1'/>")
  await juliet.find(({ name, attributes }) => name === 'a' && attributes['h'] === '2', 'the acknowledgement')
})

test('a page is read after what was asked for before it has been done (RFC 6120 §10.1)', async () => {
  const { fixture, romeo } = await tenMessages()
  await using _ = fixture
  const host = fixture.server.hosts.get('a.test')!
  const gate = Promise.withResolvers<void>()
  host.account(BareJid.parse('romeo@a.test')).enter(() => gate.promise)
  romeo.send("<iq type='set' id='c1'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
  romeo.send(`<iq type='set' id='q1'>${query({}, set('<max>1</max>'))}</iq>`)
  const juliet = await fixture.login('juliet@a.test/cell')
  await juliet.barrier()
  expect(romeo.unread).toEqual([])
  gate.resolve()
  await romeo.receives("<iq type='result' id='c1'/>")
  await romeo.receives(`<message><result xmlns='${MAM}'>{any}</result></message>`)
  await romeo.receives("<iq type='result' id='q1'/>")
})

test('a removed account leaves no archive (XEP-0077 §3.2)', async () => {
  const { fixture } = await tenMessages()
  await using _ = fixture
  const host = fixture.server.hosts.get('a.test')!
  const { removeAccount } = await import('../../removal.ts')
  await removeAccount(host, 'romeo')
  expect(await host.server.storage.log('archive').count('a.test', 'romeo')).toBe(0)
  expect(await host.server.storage.log('archive').count('a.test', 'juliet')).toBe(10)
})
