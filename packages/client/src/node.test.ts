import { listen, selfSigned, serverTls, webSocketAcceptor } from '@tercet/net'
import { message } from '@tercet/stanza'
import { Jid } from '@tercet/jid'
import { body } from '@tercet/stanza/im'
import { ping } from '@tercet/stanza/ping'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createClient, tcp, websocket } from './node.ts'
import { addressIn } from './websocket.ts'
import { PASSWORD, Peer } from './peer.fixture.ts'

let certificate: { cert: string; key: string }
beforeAll(() => {
  certificate = selfSigned({ domains: ['a.test'] })
})

let peer: Peer
let listener: { readonly port: number; close(): Promise<unknown> }
afterEach(async () => {
  await peer[Symbol.asyncDispose]()
  await listener.close()
})

/** A peer on a port, which wants TLS one way or the other. */
async function start(way: 'starttls' | 'direct', domain = 'a.test'): Promise<void> {
  const tls = serverTls({ contexts: { [domain]: certificate }, defaultName: domain })
  peer = await Peer.start({ domain: 'a.test', ...(way === 'starttls' ? { tls } : {}) })
  listener = await listen({ address: '127.0.0.1', port: 0, ...(way === 'direct' ? { tls } : {}) }, transport =>
    peer.accept(transport),
  )
}

const account = { jid: 'juliet@a.test', password: PASSWORD }
const target = () => ({ host: '127.0.0.1', port: listener.port })

describe('over TCP', () => {
  test.each(['starttls', 'direct'] as const)(
    'logs in by %s, with channel binding (RFC 6120 §5, XEP-0440)',
    async way => {
      await start(way)
      const connect = tcp({
        target: { ...target(), directTls: way === 'direct' },
        tls: { ca: certificate.cert },
      })
      const client = await createClient({ ...account, connect, requireBinding: true })
      expect(client.pin).toBe('SCRAM-SHA-256-PLUS')
      await client.send(message({ to: Jid.parse('romeo@b.test'), payloads: [body.write('Hi')] }))
      await client.request(ping, {})
      expect(peer.handled).toHaveLength(2)
      await client.close()
    },
  )

  test('believes no certificate that is not of the domain, wherever the connection leads (STR-23, TLS-08)', async () => {
    await start('starttls')
    const untrusted = createClient({ ...account, connect: tcp({ target: target() }) })
    await expect(untrusted).rejects.toMatchObject({ name: 'TransportError', code: 'certificate' })
    const connect = tcp({ target: target(), tls: { ca: certificate.cert } })
    const other = createClient({ ...account, jid: 'juliet@b.test', connect })
    await expect(other).rejects.toBeDefined()
    expect(peer.sessions).toEqual([])
  })

  test('sends no password to a server without TLS (TLS-03)', async () => {
    peer = await Peer.start()
    listener = await listen({ address: '127.0.0.1', port: 0 }, transport => peer.accept(transport))
    const made = createClient({ ...account, connect: tcp({ target: target() }) })
    await expect(made).rejects.toMatchObject({ condition: 'policy-violation' })
  })

  test('rejects when nobody listens', async () => {
    await start('starttls')
    await listener.close()
    const made = createClient({ ...account, connect: tcp({ target: target() }) })
    await expect(made).rejects.toMatchObject({ name: 'TransportError', code: 'refused' })
  })
})

describe('over the platform’s WebSocket (RFC 7395)', () => {
  test('logs in, sends, asks, and ends', async () => {
    peer = await Peer.start()
    const acceptor = webSocketAcceptor({}, transport => peer.accept(transport))
    const http = createServer()
    http.on('upgrade', (request, socket, head) => acceptor.accept(request, socket, head))
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
    const { port } = http.address() as AddressInfo
    listener = {
      port,
      close() {
        acceptor[Symbol.dispose]()
        return new Promise(resolve => http.close(resolve))
      },
    }
    const connect = websocket({ url: `ws://127.0.0.1:${port}/ws` })
    // Without TLS below it is plain text.
    await expect(createClient({ ...account, connect })).rejects.toMatchObject({ condition: 'policy-violation' })
    const client = await createClient({ ...account, connect, allowPlaintext: true })
    await client.send(message({ to: Jid.parse('romeo@b.test'), payloads: [body.write('Hi')] }))
    await client.request(ping, {})
    expect(peer.handled).toHaveLength(2)
    await client.close()
    expect(client.state).toEqual({ kind: 'offline', reason: undefined })
  })

  test('rejects when nobody listens', async () => {
    await start('direct')
    await listener.close()
    const connect = websocket({ url: `ws://127.0.0.1:${listener.port}/ws` })
    await expect(createClient({ ...account, connect })).rejects.toMatchObject({ code: 'unavailable' })
  })

  test.each([
    [{ links: [{ rel: 'urn:xmpp:alt-connections:websocket', href: 'wss://a.test/ws' }] }, 'wss://a.test/ws'],
    [{ links: [{ rel: 'urn:xmpp:alt-connections:xbosh', href: 'https://a.test/bosh' }] }, undefined],
    [{ links: [{ rel: 'urn:xmpp:alt-connections:websocket', href: 'ws://a.test/ws' }] }, undefined],
    [{ links: [null, 1, {}, { rel: 'urn:xmpp:alt-connections:websocket', href: 1 }] }, undefined],
    [{ links: {} }, undefined],
    [null, undefined],
    ['', undefined],
  ])('WS-04: host-meta %j names %j (XEP-0156 §3)', async (document, address) => {
    await start('direct')
    expect(addressIn(document, 'websocket')).toBe(address)
  })

  test.each([
    ['https://a.test/bosh', 'https://a.test/bosh'],
    ['http://a.test/bosh', undefined],
  ])('WS-04: BOSH at %s is %j: only what is encrypted counts (XEP-0156 §2.2)', async (href, address) => {
    await start('direct')
    expect(addressIn({ links: [{ rel: 'urn:xmpp:alt-connections:xbosh', href }] }, 'xbosh')).toBe(address)
  })
})
