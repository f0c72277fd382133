/** Streams between servers on WebSockets (XEP-0468 0.1.0). */
import { expect, test } from 'vitest'
import { Network } from './network.fixture.ts'

const hist = "<message from='romeo@a.test/x' to='juliet@b.test' type='chat' id='m1'><body>Hist!</body></message>"
const reply = "<message from='juliet@b.test/y' to='romeo@a.test' type='chat' id='m2'><body>Ay</body></message>"

/** What a connection to `b.test` reads, message by message. */
function reading(network: Network): { messages: string[]; send(text: string): void; next(): Promise<string> } {
  const transport = network.connect('b.test', { certificate: undefined })
  const messages: string[] = []
  const wakes: (() => void)[] = []
  let read = 0
  transport.start({
    chunk: bytes => {
      messages.push(new TextDecoder().decode(bytes))
      for (const wake of wakes.splice(0)) wake()
    },
    drained() {},
    ended() {},
    closed() {},
  })
  return {
    messages,
    send: text => void transport.write(text),
    async next() {
      while (messages.length <= read) await new Promise<void>(resolve => wakes.push(resolve))
      return messages[read++]!
    },
  }
}

test.each([
  ['EXTERNAL where certificates are shown', 'a.test', 'b.test', 'external', ['a.test → b.test']],
  // Each end asks the other's server.
  ['dialback where none is asked for', undefined, 'b.test', 'dialback', ['a.test → b.test', 'b.test → a.test']],
])('two servers talk by %s', async (_, near, far, proof, dials) => {
  await using network = new Network()
  network.webSockets = { near, far }
  const a = network.home('a.test')
  const b = network.home('b.test')
  a.sends(hist)
  await b.receives(hist)
  b.sends(reply)
  await a.receives(reply)
  expect(network.dials).toEqual(dials)
  expect(a.gateway.list()[0]?.streams[0]).toMatchObject({ proof, direction: 'both', confirmation: 'stream management' })
})

test('each message stands for itself, in namespaces of servers (XEP-0468 §2, RFC 7395 §3.3.3)', async () => {
  await using network = new Network()
  network.webSockets = { near: undefined, far: 'b.test' }
  network.home('b.test')
  const stream = reading(network)
  stream.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing-server' from='a.test' to='b.test' version='1.0'/>")
  expect(await stream.next()).toMatch(/^<open xmlns='urn:ietf:params:xml:ns:xmpp-framing-server' from='b.test' /)
  const features = await stream.next()
  expect(features).toMatch(/^<stream:features xmlns:stream='http:\/\/etherx.jabber.org\/streams'>/)
  expect(features).not.toMatch(/starttls|EXTERNAL/)
  // Nobody is a.test, so that it cannot be asked.
  stream.send("<db:result xmlns:db='jabber:server:dialback' from='a.test' to='b.test'>key</db:result>")
  expect(await stream.next()).toMatch(
    /^<db:result xmlns:db='jabber:server:dialback' [^>]*><error xmlns='jabber:server' type='cancel'>/,
  )
  stream.send("<message xmlns='jabber:server' from='a.test' to='b.test'/>")
  expect(await stream.next()).toMatch(/^<stream:error xmlns:stream=.*<not-authorized/)
  expect(await stream.next()).toBe("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing-server'/>")
})

test('the framing of clients is refused', async () => {
  await using network = new Network()
  network.webSockets = { near: undefined, far: 'b.test' }
  network.home('b.test')
  const stream = reading(network)
  stream.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='a.test' to='b.test' version='1.0'/>")
  expect(await stream.next()).toMatch(/^<open xmlns='urn:ietf:params:xml:ns:xmpp-framing-server' /)
  expect(await stream.next()).toContain('<invalid-namespace')
})

test('a certificate for the host of the address is as good as one for the domain (XEP-0487 §2.2)', async () => {
  await using network = new Network()
  network.webSockets = { near: 'a.test', far: 'chat.b.test', delegate: 'chat.b.test' }
  const a = network.home('a.test', { policy: { rule: { authentication: 'certificate' } } })
  const b = network.home('b.test')
  a.sends(hist)
  await b.receives(hist)
})

test('one of another host is not', async () => {
  await using network = new Network()
  network.webSockets = { near: 'a.test', far: 'chat.c.test', delegate: 'chat.b.test' }
  const a = network.home('a.test', { policy: { rule: { authentication: 'certificate' } } })
  network.home('b.test')
  a.sends(hist)
  await a.until(() => a.gateway.list()[0]?.failure !== undefined, 'a failure')
  expect(a.gateway.list()[0]?.failure).toContain('The certificate does not speak for b.test')
})
