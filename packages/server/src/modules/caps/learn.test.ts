import { memoryStorage, MemoryDisk } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../../fixture.ts'
import { defineModule } from '../../module.ts'
import { standardModules } from '../index.ts'
import { capsKnown } from './index.ts'

const INFO = 'http://jabber.org/protocol/disco#info'
/** The answer of XEP-0115 §5.2 and its hash. */
const EXODUS =
  "<identity category='client' name='Exodus 0.9.1' type='pc'/><feature var='http://jabber.org/protocol/caps'/>" +
  "<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>" +
  "<feature var='http://jabber.org/protocol/muc'/>"
const VER = 'QgayPKawpkPSDYmwT/WM94uAlu0='
const C = `<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:example:lute' ver='${VER}'/>`
const LEGACY = `<c xmlns='http://jabber.org/protocol/caps' node='urn:example:lute' ver='${VER}'/>`

/** Writes down what other modules hear: who can do something, for whom. */
function listener(heard: string[]) {
  return defineModule({
    name: 'listener',
    setup: host =>
      host.on(capsKnown, 'run', ({ account, jid, features }) => {
        const what = features.has('http://jabber.org/protocol/muc') ? 'muc' : features.size
        heard.push(`${account.jid.text}: ${jid.text} ${what}`)
      }),
  })
}

async function start(heard: string[] = [], storage = memoryStorage()): Promise<Fixture> {
  return startFixture({
    modules: [...standardModules, listener(heard)],
    accounts: ['romeo@a.test', 'juliet@a.test', 'nurse@a.test'],
    storage,
  })
}

async function asked(client: Client, node = `urn:example:lute#${VER}`): Promise<string> {
  const request = await client.find(
    ({ name, attributes }) => name === 'iq' && attributes['type'] === 'get',
    `a question for ${node}`,
  )
  const [query] = request.children
  expect(query).toMatchObject({ attributes: { node } })
  return request.attributes['id']!
}

function answer(client: Client, id: string, to: string, what = EXODUS): void {
  client.send(`<iq type='result' id='${id}' to='${to}'><query xmlns='${INFO}'>${what}</query></iq>`)
}

test('a client is asked on behalf of its account, and what its hash proves is believed of all who have it (XEP-0115 §5.4)', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence>${C}</presence>`)
  answer(romeo, await asked(romeo), 'romeo@a.test')
  await romeo.barrier()
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<presence>${C}</presence>`)
  await juliet.receives(`<presence from='juliet@a.test/balcony'>${C}</presence>`)
  await juliet.receivesNothing()
  expect(heard).toEqual(['romeo@a.test: romeo@a.test/orchard muc', 'juliet@a.test: juliet@a.test/balcony muc'])
})

test('an answer with another hash is true of its sender alone: the next one is asked, and nobody is poisoned (§8.4, PRS-09)', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence>${C}</presence>`)
  answer(romeo, await asked(romeo), 'romeo@a.test', "<feature var='urn:example:poison'/>")
  await romeo.barrier()
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<presence>${C}</presence>`)
  answer(juliet, await asked(juliet), 'juliet@a.test')
  await juliet.barrier()
  expect(heard).toEqual(['romeo@a.test: romeo@a.test/orchard 1', 'juliet@a.test: juliet@a.test/balcony muc'])
})

test('who claims the same while somebody is asked waits, and is asked when that one lies', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence>${C}</presence>`)
  const id = await asked(romeo)
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<presence>${C}</presence>`)
  await juliet.receives(`<presence from='juliet@a.test/balcony'>${C}</presence>`)
  await juliet.receivesNothing()
  romeo.send(`<iq type='error' id='${id}' to='romeo@a.test'><error type='cancel'><item-not-found/></error></iq>`)
  answer(juliet, await asked(juliet), 'juliet@a.test')
  await juliet.barrier()
  expect(heard).toEqual(['juliet@a.test: juliet@a.test/balcony muc'])
})

test('a form of before 2007 has no hash: each of those clients is asked for itself (§5.4)', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  for (const name of ['romeo', 'juliet']) {
    const client = await fixture.login(`${name}@a.test/home`)
    client.send(`<presence>${LEGACY}</presence>`)
    answer(client, await asked(client), `${name}@a.test`)
    await client.barrier()
  }
  expect(heard).toEqual(['romeo@a.test: romeo@a.test/home muc', 'juliet@a.test: juliet@a.test/home muc'])
})

test('what is known survives a restart, and nobody is asked again', async () => {
  const disk = new MemoryDisk()
  {
    const storage = memoryStorage({ disk })
    const fixture = await start([], storage)
    const romeo = await fixture.login('romeo@a.test/orchard')
    romeo.send(`<presence>${C}</presence>`)
    answer(romeo, await asked(romeo), 'romeo@a.test')
    await romeo.barrier()
    await fixture.server.stop()
    await storage.close()
  }
  const heard: string[] = []
  await using fixture = await start(heard, memoryStorage({ disk }))
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<presence>${C}</presence>`)
  await juliet.receives(`<presence from='juliet@a.test/balcony'>${C}</presence>`)
  await juliet.receivesNothing()
  expect(heard).toEqual(['juliet@a.test: juliet@a.test/balcony muc'])
})

test('an answer that somebody else gives is none (RFC 6120 §8.1.3)', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence>${C}</presence>`)
  const id = await asked(romeo)
  const nurse = await fixture.login('nurse@a.test/chamber')
  answer(nurse, id, 'romeo@a.test')
  await nurse.barrier()
  expect(heard).toEqual([])
  answer(romeo, id, 'romeo@a.test')
  await romeo.barrier()
  expect(heard).toEqual(['romeo@a.test: romeo@a.test/orchard muc'])
})

test('contacts hear of it once: with the first presence and with a change, not with every presence (XEP-0163 §4.3.3)', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  await fixture.befriend('romeo@a.test', 'juliet@a.test')
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence>${C}</presence>`)
  answer(romeo, await asked(romeo), 'romeo@a.test')
  await fixture.quiet()
  expect(heard.splice(0).sort()).toEqual([
    'juliet@a.test: romeo@a.test/orchard muc',
    'romeo@a.test: romeo@a.test/orchard muc',
  ])
  romeo.send(`<presence><show>away</show>${C}</presence><presence><show>xa</show></presence>`)
  // Its probe is answered with a presence that is no news.
  await fixture.available('juliet@a.test/balcony')
  await fixture.quiet()
  expect(heard).toEqual([])
  romeo.send("<presence type='unavailable'/><presence/>")
  await fixture.quiet()
  expect(heard.sort()).toEqual(['juliet@a.test: romeo@a.test/orchard muc', 'romeo@a.test: romeo@a.test/orchard muc'])
})

test('a contact elsewhere is asked from the bare address of the account, a stranger is not (§6.2)', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  await fixture.rosterItem('juliet@a.test', 'mercutio@b.test', 'both')
  const juliet = await fixture.login('juliet@a.test/balcony')
  fixture.afar.sends(`<presence from='tybalt@b.test/street' to='juliet@a.test'>${C}</presence>`)
  fixture.afar.sends(`<presence from='mercutio@b.test/street' to='juliet@a.test'>${C}</presence>`)
  await juliet.barrier()
  expect(fixture.afar.unread).toHaveLength(1)
  const [question] = fixture.afar.unread
  expect(question).toContain("to='mercutio@b.test/street' from='juliet@a.test'")
  const id = /id='([^']*)'/.exec(question!)![1]!
  fixture.afar.sends(
    `<iq type='result' id='${id}' from='mercutio@b.test/street' to='juliet@a.test'><query xmlns='${INFO}'>${EXODUS}</query></iq>`,
  )
  await juliet.barrier()
  fixture.afar.sends(`<presence from='mercutio@b.test/street' to='juliet@a.test'><show>away</show>${C}</presence>`)
  await juliet.barrier()
  expect(heard).toEqual(['juliet@a.test: mercutio@b.test/street muc'])
})

test('a hash of the newer form is checked after its own rules, and counts where both stand (XEP-0390 §5.4)', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  const node = 'urn:xmpp:caps#sha-256.kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8='
  const newer =
    "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=</hash></c>"
  const features =
    'http://jabber.org/protocol/si http://jabber.org/protocol/bytestreams http://jabber.org/protocol/chatstates ' +
    'http://jabber.org/protocol/disco#info http://jabber.org/protocol/disco#items urn:xmpp:ping jabber:iq:time jabber:iq:privacy ' +
    'jabber:iq:version http://jabber.org/protocol/rosterx urn:xmpp:time jabber:x:oob http://jabber.org/protocol/ibb ' +
    'http://jabber.org/protocol/si/profile/file-transfer urn:xmpp:receipts jabber:iq:roster jabber:iq:last'
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence>${C}${newer}</presence>`)
  const what = features.split(' ').map(name => `<feature var='${name}'/>`)
  answer(
    romeo,
    await asked(romeo, node),
    'romeo@a.test',
    `<identity category='client' type='mobile' name='BombusMod'/>${what.join('')}`,
  )
  await romeo.barrier()
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<presence>${newer}</presence>`)
  await fixture.quiet()
  expect(heard).toEqual(['romeo@a.test: romeo@a.test/orchard 17', 'juliet@a.test: juliet@a.test/balcony 17'])
})

test('a client that can do more than anybody is not listened to', async () => {
  const heard: string[] = []
  await using fixture = await start(heard)
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence>${LEGACY}</presence>`)
  const many = Array.from({ length: 501 }, (_, index) => `<feature var='urn:example:${index}'/>`)
  answer(romeo, await asked(romeo), 'romeo@a.test', many.join(''))
  await romeo.barrier()
  expect(heard).toEqual([])
})
