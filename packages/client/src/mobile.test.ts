import { escapeAttr, type Fragment } from '@tercet/xml'
import { afterEach, describe, expect, test } from 'vitest'
import { Peer } from './peer.fixture.ts'
import { csi, ping, push } from './plugins/index.ts'

let peer: Peer
afterEach(async () => {
  expect(peer.bugs).toEqual([])
  await peer[Symbol.asyncDispose]()
})

const CSI = 'urn:xmpp:csi:0'
const MINDS = { features: `<csi xmlns='${CSI}'/>` }

describe('csi (XEP-0352)', () => {
  test('says who looks, once, and in order with stanzas', async () => {
    peer = await Peer.start(MINDS)
    const client = await peer.client({ plugins: { csi, ping } })
    expect([client.csi.active, client.csi.minded]).toEqual([true, true])
    client.csi.set(true)
    client.csi.set(false)
    client.csi.set(false)
    await client.ping.send()
    expect(peer.nonzas).toEqual([`inactive ${CSI}`])
    client.csi.set(true)
    await client.ping.send()
    expect(peer.nonzas).toEqual([`inactive ${CSI}`, `active ${CSI}`])
    expect(client.csi.active).toBe(true)
  })

  test.each(['session', 'nothing'] as const)(
    'says it again on a stream whose server remembers the %s (§5)',
    async remembers => {
      peer = await Peer.start({ ...MINDS, remembers })
      const client = await peer.client({ plugins: { csi, ping } })
      client.csi.set(false)
      await client.ping.send()
      peer.cut()
      await peer.until(() => peer.nonzas.length === 2)
      expect(peer.nonzas).toEqual([`inactive ${CSI}`, `inactive ${CSI}`])
      // The counts of stream management are as they were.
      await client.ping.send()
    },
  )

  test('says nothing to a server that does not mind, nor without a stream', async () => {
    peer = await Peer.start()
    const client = await peer.client({ plugins: { csi, ping } })
    expect(client.csi.minded).toBe(false)
    client.csi.set(false)
    await client.ping.send()
    expect(peer.nonzas).toEqual([])
    await client.close()
    client.csi.set(true)
  })
})

describe('push (XEP-0357)', () => {
  const COMMANDS = "xmlns='http://jabber.org/protocol/commands'"
  const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`

  /** Answers requests by their payload, and gives what was asked. */
  function answering(answer: (request: string) => string): string[] {
    const asked: string[] = []
    peer.session.answers = (element: Fragment) => {
      const to = element.attr('to')
      asked.push(`${to ?? 'own'} ${element.content.text}`)
      const from = to === undefined ? '' : ` from='${escapeAttr(to)}'`
      const text = answer(element.content.text)
      const type = text.startsWith('<error') ? 'error' : 'result'
      peer.session.send(`<iq type='${type}' id='${escapeAttr(element.attr('id')!)}'${from}>${text}</iq>`)
      return true
    }
    return asked
  }

  test('enables a node with what its service wants to see, and disables it (§5, §6)', async () => {
    peer = await Peer.start()
    const client = await peer.client({ plugins: { push } })
    const asked = answering(() => '')
    await client.push.enable({ jid: 'push.b.test', node: 'n', options: { secret: 's' } })
    await client.push.enable({ jid: 'push.b.test' })
    await client.push.disable({ jid: 'push.b.test', node: 'n' })
    await client.push.disable({ jid: 'push.b.test' })
    const form = `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>${field('secret', 's')}</x>`
    expect(asked).toEqual([
      `own <enable xmlns='urn:xmpp:push:0' jid='push.b.test' node='n'>${form}</enable>`,
      `own <enable xmlns='urn:xmpp:push:0' jid='push.b.test'/>`,
      `own <disable xmlns='urn:xmpp:push:0' jid='push.b.test' node='n'/>`,
      `own <disable xmlns='urn:xmpp:push:0' jid='push.b.test'/>`,
    ])
  })

  test('registers a subscription for the key of the service, and gives what to enable', async () => {
    peer = await Peer.start()
    const client = await peer.client({ plugins: { push } })
    const asked = answering(request => {
      const executing = `<command ${COMMANDS} node='register-push-web' sessionid='s1' status='executing'><x xmlns='jabber:x:data' type='form'>${field('vapid-key', 'BKey')}</x></command>`
      const done = `<command ${COMMANDS} node='x' status='completed'><x xmlns='jabber:x:data' type='result'>${field('jid', 'a.test')}${field('node', 'n1')}${field('secret', 's1')}</x></command>`
      return request.includes('<x ') ? done : executing
    })
    expect(await client.push.webKey()).toBe('BKey')
    const keys = { p256dh: 'BPub', auth: 'Auth' }
    const target = await client.push.registerWeb({ endpoint: 'https://push.test/1', keys }, { device: 'phone' })
    expect(target).toEqual({ jid: 'a.test', node: 'n1', options: { secret: 's1' } })
    await client.push.unregister(target)
    expect(asked.map(text => text.replace(/ xmlns='[^']*'/g, ''))).toEqual([
      "a.test <command node='register-push-web' action='execute'/>",
      "a.test <command node='register-push-web' sessionid='s1' action='cancel'/>",
      `a.test <command node='register-push-web' action='execute'><x type='submit'>${field('endpoint', 'https://push.test/1')}${field('p256dh', 'BPub')}${field('auth', 'Auth')}${field('device-id', 'phone')}</x></command>`,
      `a.test <command node='unregister-push' action='execute'><x type='submit'>${field('node', 'n1')}</x></command>`,
    ])
  })

  test('what a service refuses, or does not tell, is an error', async () => {
    peer = await Peer.start()
    const client = await peer.client({ plugins: { push } })
    answering(() => `<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`)
    await expect(client.push.registerWeb({})).rejects.toMatchObject({ condition: 'bad-request' })
    await expect(client.push.webKey({ service: 'push.b.test' })).rejects.toMatchObject({ condition: 'bad-request' })
    answering(() => `<command ${COMMANDS} node='x' status='completed'/>`)
    await expect(client.push.registerWeb({})).rejects.toMatchObject({ name: 'DecodeError' })
    await expect(client.push.webKey()).rejects.toMatchObject({ name: 'DecodeError' })
  })
})
