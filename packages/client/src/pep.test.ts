import { Jid } from '@tercet/jid'
import { xml } from '@tercet/xml/template'
import { write, type Fragment } from '@tercet/xml'
import { afterEach, expect, test } from 'vitest'
import { Peer } from './peer.fixture.ts'
import { avatar, bookmarks, nodeEvent, pep } from './plugins/index.ts'

let peer: Peer
afterEach(async () => {
  expect(peer.bugs).toEqual([])
  await peer[Symbol.asyncDispose]()
})

/** Answers every request with `payload`, and gives what was asked. */
const answering = (payload: (request: string) => string): string[] => {
  const asked: string[] = []
  peer.session.answers = (element: Fragment) => {
    if (element.name !== 'iq' || element.attr('type') === 'result') return false
    const request = element.content.text
    asked.push(request)
    const to = element.attr('to')
    const from = to === undefined ? '' : ` from='${to}'`
    peer.session.send(`<iq type='result' id='${element.attr('id')!}'${from}>${payload(request)}</iq>`)
    return true
  }
  return asked
}

const PUBSUB = "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"

test('pep: publishes with what it relies on, reads, and retracts (XEP-0060 §7.1.5, §6.5, §7.2)', async () => {
  peer = await Peer.start()
  const client = await peer.client({ plugins: { pep } })
  const asked = answering(request =>
    request.includes('<publish ')
      ? `${PUBSUB}<publish node='urn:example:a'><item id='7'/></publish></pubsub>`
      : `${PUBSUB}<items node='urn:example:a'><item id='7' publisher='juliet@a.test'><a xmlns='urn:example:a'/></item></items></pubsub>`,
  )
  const payload = xml`<a xmlns='urn:example:a'/>`
  expect(await client.pep.publish('urn:example:a', payload, { config: { access_model: 'open' } })).toBe('7')
  expect(asked[0]).toContain("<field var='pubsub#access_model'><value>open</value></field>")
  const [item] = await client.pep.items('urn:example:a', { from: 'juliet@a.test', ids: ['7'] })
  expect(item).toMatchObject({ id: '7', publisher: 'juliet@a.test' })
  expect(write(item!.payload!)).toBe(write(payload))
  expect(asked[1]).toContain("<item id='7'/>")
  await client.pep.retract('urn:example:a', '7')
  expect(asked[2]).toContain("<retract node='urn:example:a' notify='true'><item id='7'/></retract>")
})

test('pep: says what it wants to hear of, and tells what it hears (XEP-0163 §4)', async () => {
  peer = await Peer.start()
  const client = await peer.client({ plugins: { pep } })
  const wanted = client.pep.want('urn:example:a')
  expect(client.features).toContain('urn:example:a+notify')
  wanted[Symbol.dispose]()
  expect(client.features).not.toContain('urn:example:a+notify')
  const heard = new Promise<string>(resolve =>
    client.on(nodeEvent, 'run', ({ from, event }) => resolve(`${from.text} ${event.items?.retracted[0]?.id}`)),
  )
  peer.session.send(
    "<message from='romeo@a.test' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:example:a'><retract id='7'/></items></event></message>",
  )
  expect(await heard).toBe('romeo@a.test 7')
})

test('bookmarks: keeps what other clients keep with them (XEP-0402 §3.4)', async () => {
  peer = await Peer.start()
  const client = await peer.client({ plugins: { pep, bookmarks } })
  const extensions = "<extensions><state xmlns='urn:example:client'/></extensions>"
  const conference = `<conference xmlns='urn:xmpp:bookmarks:1' autojoin='true' name='Coven'><nick>JC</nick>${extensions}</conference>`
  const asked = answering(request =>
    request.includes('<items ')
      ? `${PUBSUB}<items node='urn:xmpp:bookmarks:1'><item id='coven@rooms.test'>${conference}</item></items></pubsub>`
      : '',
  )
  const found = await client.bookmarks.load()
  const coven = found.get('coven@rooms.test')!
  expect(coven).toMatchObject({ autojoin: true, name: 'Coven', nick: 'JC' })
  await client.bookmarks.set('coven@rooms.test', { ...coven, nick: 'Juliet' })
  expect(asked[1]).toContain(extensions)
  expect(asked[1]).toContain('<nick>Juliet</nick>')
  expect(asked[1]).toContain("<field var='pubsub#access_model'><value>whitelist</value></field>")
  await client.bookmarks.remove(Jid.parse('coven@rooms.test/x'))
  expect(asked[2]).toContain("<item id='coven@rooms.test'/>")
})

test('avatar: the image first, under its hash, then what is known about it (XEP-0084 §3.2)', async () => {
  peer = await Peer.start()
  const client = await peer.client({ plugins: { pep, avatar } })
  const id = 'c22b5f9178342609428d6f51b2c5af4c0bde6a42'
  const info = `<metadata xmlns='urn:xmpp:avatar:metadata'><info id='${id}' bytes='2' type='image/png'/></metadata>`
  const asked = answering(request => {
    if (request.includes("<items node='urn:xmpp:avatar:metadata'"))
      return `${PUBSUB}<items node='urn:xmpp:avatar:metadata'><item id='${id}'>${info}</item></items></pubsub>`
    if (request.includes("<items node='urn:xmpp:avatar:data'"))
      return `${PUBSUB}<items node='urn:xmpp:avatar:data'><item id='${id}'><data xmlns='urn:xmpp:avatar:data'>aGk=</data></item></items></pubsub>`
    return ''
  })
  await client.avatar.publish({ bytes: new TextEncoder().encode('hi'), type: 'image/png' }, { open: true })
  expect(asked[0]).toContain(`<item id='${id}'><data xmlns='urn:xmpp:avatar:data'>aGk=</data></item>`)
  expect(asked[1]).toContain(`<info id='${id}' bytes='2' type='image/png'/>`)
  expect(await client.avatar.info('romeo@a.test')).toMatchObject({ id, bytes: 2 })
  expect(await client.avatar.image('romeo@a.test', id)).toEqual(new TextEncoder().encode('hi'))
  await client.avatar.remove()
  expect(asked.at(-1)).toContain("<metadata xmlns='urn:xmpp:avatar:metadata'/>")
})
