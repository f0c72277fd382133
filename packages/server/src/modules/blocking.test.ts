import { BareJid, Jid } from '@tercet/jid'
import { MemoryDisk, memoryStorage } from '@tercet/storage/memory'
import { describe, expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../fixture.ts'
import { removeAccount } from '../index.ts'
import { blocks, covers } from './blocks.ts'
import { reports } from './reports.ts'

const NS = "xmlns='urn:xmpp:blocking'"
const items = (jids: readonly string[]): string => jids.map(jid => `<item jid='${jid}'/>`).join('')
const OK = (id: string): string => `<iq type='result' id='${id}'/>`
const refused = (id: string, condition: string): string =>
  `<iq type='error' id='${id}'><error><${condition}/></error></iq>`
const BLOCKED = "<error type='cancel'><not-acceptable/><blocked xmlns='urn:xmpp:blocking:errors'/></error>"

let count = 0
async function block(client: Client, ...jids: string[]): Promise<void> {
  const id = `block-${++count}`
  await client.asks(`<iq type='set' id='${id}'><block ${NS}>${items(jids)}</block></iq>`, OK(id))
}
async function unblock(client: Client, ...jids: string[]): Promise<void> {
  const id = `unblock-${++count}`
  await client.asks(`<iq type='set' id='${id}'><unblock ${NS}>${items(jids)}</unblock></iq>`, OK(id))
}
async function listed(client: Client, ...jids: string[]): Promise<void> {
  const id = `list-${++count}`
  const answer = await client.asks(
    `<iq type='get' id='${id}'><blocklist ${NS}/></iq>`,
    `<iq type='result' id='${id}'><blocklist ${NS}>${items(jids)}</blocklist></iq>`,
  )
  expect(JSON.stringify(answer).split('"item"').length - 1).toBe(jids.length)
}

/** Friends who see each other; what they heard on the way is read. */
async function friends(fixture: Fixture): Promise<[romeo: Client, juliet: Client]> {
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  await romeo.receives("<presence from='juliet@a.test/balcony'/>")
  await juliet.receives("<presence from='romeo@a.test/orchard'/>")
  return [romeo, juliet]
}

describe('what a blocked address sends (XEP-0191 §3.3)', () => {
  test.each([
    ['chat', "<message type='chat' id='m1' to='romeo@a.test'><body>Hi</body></message>", true],
    ['normal', "<message id='m1' to='romeo@a.test/orchard'><body>Hi</body></message>", true],
    ['chat to a resource', "<message type='chat' id='m1' to='romeo@a.test/orchard'><body>Hi</body></message>", true],
    ['chat to another resource', "<message type='chat' id='m1' to='romeo@a.test/x'><body>Hi</body></message>", true],
    ['headline', "<message type='headline' id='m1' to='romeo@a.test'><body>Hi</body></message>", false],
    ['groupchat', "<message type='groupchat' id='m1' to='romeo@a.test/orchard'><body>Hi</body></message>", false],
    ['error', "<message type='error' id='m1' to='romeo@a.test/orchard'/>", false],
    ['a request', "<iq type='get' id='m1' to='romeo@a.test/orchard'><ping xmlns='urn:xmpp:ping'/></iq>", true],
    ['a request to the account', "<iq type='get' id='m1' to='romeo@a.test'><query xmlns='jabber:iq:last'/></iq>", true],
    ['a result', "<iq type='result' id='m1' to='romeo@a.test/orchard'/>", false],
    ['presence', "<presence id='m1' to='romeo@a.test'/>", false],
    ['a goodbye', "<presence type='unavailable' id='m1' to='romeo@a.test/orchard'/>", false],
    ['a request for a subscription', "<presence type='subscribe' id='m1' to='romeo@a.test'/>", false],
    ['a probe', "<presence type='probe' id='m1' to='romeo@a.test'/>", false],
  ])('%s does not arrive', async (_, stanza, answered) => {
    await using fixture = await startFixture()
    const [romeo, juliet] = await friends(fixture)
    await block(romeo, 'juliet@a.test')
    await juliet.receives("<presence type='unavailable' from='romeo@a.test/orchard'/>")
    juliet.send(stanza)
    if (answered)
      await juliet.receives(
        `<${stanza.slice(1).split(' ')[0]!} type='error' id='m1'><error type='cancel'><service-unavailable/></error></${stanza.slice(1).split(' ')[0]!}>`,
      )
    await juliet.receivesNothing()
    await romeo.receivesNothing()
  })

  test('what comes from another server does not either, and is not kept for later', async () => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    await block(romeo, 'nurse@b.test')
    const away = async (): Promise<void> => {
      fixture.afar.sends(
        "<message type='chat' id='m1' from='nurse@b.test/x' to='romeo@a.test'><body>Hi</body></message>",
      )
      await fixture.quiet()
      fixture.afar.receives(
        "<message type='error' id='m1' to='nurse@b.test/x' from='romeo@a.test'><error><service-unavailable/></error></message>",
      )
    }
    await away()
    romeo.send('</stream:stream>')
    await romeo.receivesClose()
    const juliet = await fixture.login('juliet@a.test')
    await juliet.barrier()
    await away()
    expect(await fixture.server.storage.spool.count('romeo@a.test')).toBe(0)
  })
})

describe('what is sent to a blocked address (§3.3)', () => {
  test.each([
    ['message', "<message type='chat' id='m1' to='juliet@a.test/balcony'><body>Hi</body></message>"],
    ['iq', "<iq type='get' id='m1' to='juliet@a.test'><query xmlns='jabber:iq:last'/></iq>"],
    ['presence', "<presence id='m1' to='juliet@a.test'/>"],
  ])('%s is refused and does not leave', async (name, stanza) => {
    await using fixture = await startFixture()
    const [romeo, juliet] = await friends(fixture)
    await block(romeo, 'juliet@a.test')
    await juliet.receives("<presence type='unavailable' from='romeo@a.test/orchard'/>")
    romeo.send(stanza)
    await romeo.receives(`<${name} type='error' id='m1'>${BLOCKED}</${name}>`)
    await juliet.receivesNothing()
  })

  test('presence and probes are kept back too, also those of later sessions', async () => {
    await using fixture = await startFixture()
    const [romeo, juliet] = await friends(fixture)
    await block(romeo, 'juliet@a.test')
    await juliet.receives("<presence type='unavailable' from='romeo@a.test/orchard'/>")
    romeo.send('<presence><show>away</show></presence>')
    await fixture.available('romeo@a.test/garden')
    await juliet.receivesNothing()
  })
})

test('who saw the user sees it leave, and come back with the end of the block (§3.3, §3.4)', async () => {
  await using fixture = await startFixture()
  const [romeo, juliet] = await friends(fixture)
  await block(romeo, 'juliet@a.test')
  await juliet.receives("<presence type='unavailable' from='romeo@a.test/orchard'/>")
  await block(romeo, 'juliet@a.test')
  await juliet.receives("<presence type='unavailable' from='romeo@a.test/orchard'/>")
  await unblock(romeo, 'juliet@a.test')
  await juliet.receives("<presence from='romeo@a.test/orchard'/>")
  // How the contact is the user has not heard meanwhile.
  await romeo.receives("<presence from='juliet@a.test/balcony'/>")
  await unblock(romeo, 'juliet@a.test')
  await juliet.receivesNothing()
})

test('whoever was told directly hears that it is over; who never saw the user hears nothing', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  romeo.send("<presence to='juliet@a.test/balcony'/>")
  await juliet.receives("<presence from='romeo@a.test/orchard'/>")
  await block(romeo, 'juliet@a.test', 'nurse@b.test')
  await juliet.receives("<presence type='unavailable' from='romeo@a.test/orchard'/>")
  await fixture.quiet()
  expect(fixture.afar.unread).toEqual([])
  romeo.send('</stream:stream>')
  await romeo.receivesClose()
  await juliet.receivesNothing()
})

test('a push goes to those who have the list, without words about why (§3.3)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  const garden = await fixture.login('romeo@a.test/garden')
  await listed(romeo)
  const report = "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'/>"
  await garden.asks(`<iq type='set' id='b1'><block ${NS}><item jid='x@b.test'>${report}</item></block></iq>`, OK('b1'))
  await romeo.receives(
    `<iq type='set' to='romeo@a.test/orchard'><block ${NS}><item jid='x@b.test'>{no child}</item></block></iq>`,
  )
  await unblock(garden)
  await romeo.receives(`<iq type='set'><unblock ${NS}>{no child}</unblock></iq>`)
  await garden.receivesNothing()
  await listed(garden)
})

test('the list outlives sessions and restarts', async () => {
  const disk = new MemoryDisk()
  {
    const storage = memoryStorage({ disk })
    const fixture = await startFixture({ storage })
    await block(await fixture.login('romeo@a.test/orchard'), 'juliet@a.test', 'b.test')
    await fixture.server.stop()
    await storage.close()
  }
  await using fixture = await startFixture({ storage: memoryStorage({ disk }) })
  const juliet = await fixture.login('juliet@a.test')
  const hist = "<message type='chat' id='m1' to='romeo@a.test'><body>Hist!</body></message>"
  juliet.send(hist)
  await juliet.receives("<message type='error' id='m1'><error><service-unavailable/></error></message>")
  const romeo = await fixture.available('romeo@a.test/orchard')
  await listed(romeo, 'b.test', 'juliet@a.test')
  juliet.send(hist)
  await juliet.receives("<message type='error' id='m1'><error><service-unavailable/></error></message>")
  await romeo.receivesNothing()
})

test('a block that could not be stored does not hold, and nobody is told of it', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const [romeo, juliet] = await friends(fixture)
  await listed(romeo)
  storage.failCommits('full')
  await romeo.asks(
    `<iq type='set' id='b1'><block ${NS}><item jid='juliet@a.test'/></block></iq>`,
    refused('b1', 'resource-constraint'),
  )
  storage.failCommits(undefined)
  await romeo.receivesNothing()
  juliet.send("<message type='chat' id='m1' to='romeo@a.test'><body>Hist!</body></message>")
  await romeo.receives("<message id='m1'/>")
  await juliet.receivesNothing()
})

test('own resources and the own server are never blocked (§4)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  await block(romeo, 'romeo@a.test', 'a.test', 'romeo@a.test/garden')
  await romeo.asks("<iq type='get' id='q1' to='a.test'><ping xmlns='urn:xmpp:ping'/></iq>", OK('q1'))
  await romeo.asks("<iq type='get' id='q2'><query xmlns='jabber:iq:roster'/></iq>", OK('q2'))
  romeo.send("<message type='chat' id='m1' to='romeo@a.test'><body>Note</body></message>")
  await romeo.receives("<message id='m1'/>")
  // Everybody else there is.
  const juliet = await fixture.login('juliet@a.test')
  juliet.send("<message type='chat' id='m2' to='romeo@a.test'><body>Hi</body></message>")
  await juliet.receives("<message type='error' id='m2'/>")
})

test.each([
  ['nobody to block', `<block ${NS}/>`, 'bad-request'],
  ['an item without an address', `<block ${NS}><item/></block>`, 'bad-request'],
  ['what is no address', `<block ${NS}><item jid='@b'/></block>`, 'bad-request'],
  ['an address to unblock that is none', `<unblock ${NS}><item jid='@b'/></unblock>`, 'bad-request'],
  ['more than the list takes', `<block ${NS}>${items(['1@b', '2@b', '3@b'])}</block>`, 'resource-constraint'],
])('refused: %s', async (_, payload, condition) => {
  await using fixture = await startFixture({ moduleOptions: { blocking: { max_items: 2 } } })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(`<iq type='set' id='b1'>${payload}</iq>`, refused('b1', condition))
  await listed(romeo)
})

test('nobody blocks for somebody else', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    `<iq type='set' id='b1' to='juliet@a.test'><block ${NS}><item jid='x@b.test'/></block></iq>`,
    refused('b1', 'service-unavailable'),
  )
  await romeo.asks(
    `<iq type='get' id='b2' to='juliet@a.test'><blocklist ${NS}/></iq>`,
    refused('b2', 'service-unavailable'),
  )
})

test.each([
  ['a resource', 'x@b.test/r', ['x@b.test/r'], ['x@b.test', 'x@b.test/s', 'b.test/r', 'b.test']],
  ['an account', 'x@b.test', ['x@b.test', 'x@b.test/r'], ['y@b.test', 'b.test', 'x@c.test']],
  ['a resource of a domain', 'b.test/r', ['b.test/r'], ['b.test', 'x@b.test/r', 'b.test/s']],
  ['a domain', 'b.test', ['b.test', 'b.test/r', 'x@b.test', 'x@b.test/r'], ['c.b.test', 'x@c.test', 'test']],
])('%s covers itself and what is beneath it (§5)', (_, entry, inside, outside) => {
  const list = new Set([entry])
  expect(inside.filter(jid => !covers(list, Jid.parse(jid)))).toEqual([])
  expect(outside.filter(jid => covers(list, Jid.parse(jid)))).toEqual([])
})

test('other modules may ask, whether the account is there or not; nothing stays of one that is gone', async () => {
  await using fixture = await startFixture()
  const host = fixture.server.hosts.get('a.test')!
  const account = () => host.account(BareJid.parse('romeo@a.test'))
  const asked = host.services.get(blocks)
  const romeo = await fixture.login('romeo@a.test/orchard')
  await block(romeo, 'x@b.test')
  expect(asked.refuses(account(), Jid.parse('x@b.test/r'))).toBe(true)
  expect(asked.refuses(account(), Jid.parse('y@b.test'))).toBe(false)
  romeo.send('</stream:stream>')
  await romeo.receivesClose()
  expect(await asked.refuses(account(), Jid.parse('x@b.test/r'))).toBe(true)
  expect(await asked.refuses(account(), Jid.parse('y@b.test'))).toBe(false)
  await removeAccount(host, 'romeo')
  expect(await asked.list(account())).toEqual([])
})

describe('reports (XEP-0377)', () => {
  const report = (inner: string, attributes = "reason='urn:xmpp:reporting:spam'"): string =>
    `<block ${NS}><item jid='x@b.test/r'><report xmlns='urn:xmpp:reporting:1' ${attributes}>${inner}</report></item></block>`

  test('are kept with the block', async () => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    const inner =
      "<text xml:lang='en'>Trouble</text><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@a.test' id='s1'/><third-party/>"
    await romeo.asks(`<iq type='set' id='b1'>${report(inner)}</iq>`, OK('b1'))
    const store = fixture.server.hosts.get('a.test')!.services.get(reports)
    expect(await store.list({ max: 10, about: 'x@b.test' })).toEqual([
      {
        at: expect.any(Number) as number,
        reporter: 'romeo@a.test',
        reported: 'x@b.test/r',
        reason: 'urn:xmpp:reporting:spam',
        text: 'Trouble',
        messages: [{ id: 's1', by: 'romeo@a.test' }],
        toOthers: true,
      },
    ])
    expect(await store.list({ max: 10, about: 'y@b.test' })).toEqual([])
    await listed(romeo, 'x@b.test/r')
  })

  test('one that is malformed blocks all the same (§5)', async () => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(`<iq type='set' id='b1'>${report('', '')}</iq>`, OK('b1'))
    await listed(romeo, 'x@b.test/r')
    expect(await fixture.server.hosts.get('a.test')!.services.get(reports).list({ max: 10 })).toEqual([])
  })

  test('are bounded: in size, in number, and for each account', async () => {
    await using fixture = await startFixture({ moduleOptions: { reporting: { max: 3, per_hour: 2 } } })
    const store = fixture.server.hosts.get('a.test')!.services.get(reports)
    for (const name of ['romeo', 'juliet']) {
      const client = await fixture.login(`${name}@a.test`)
      for (const index of [1, 2, 3])
        await client.asks(`<iq type='set' id='b1'>${report(`<text>${index}${'x'.repeat(5000)}</text>`)}</iq>`, OK('b1'))
    }
    const kept = await store.list({ max: 10 })
    expect(kept.map(({ reporter, text }) => [reporter, text?.slice(0, 1), text?.length])).toEqual([
      ['romeo@a.test', '2', 2000],
      ['juliet@a.test', '1', 2000],
      ['juliet@a.test', '2', 2000],
    ])
  })
})
