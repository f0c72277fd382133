/** Connections that begin something and do not go on: each has its time, and is over then (STR-28, SEC-06). */

import { bound, crowd, opened, pause, paced, type Abuse } from './abuse.ts'
import { frame, header, Raw, upgrade } from './raw.ts'
import type { Target } from './target.ts'

/** Connections of each kind. */
const CROWD = 20

/** A first flight of TLS, cut off: a record header that promises more than comes. */
const partOfHello = Buffer.from('160301020001000001fc0303', 'hex')

/** Opens connections at once, lets each begin, and wants all to be ended by the server. */
function abandoned(title: string, begin: (target: Target, index: number) => Promise<Raw>, last: RegExp): Abuse {
  return {
    title,
    run: target =>
      crowd(CROWD, CROWD, async index => {
        const raw = await begin(target, index)
        const said = await raw.ended()
        if (!last.test(said)) throw new Error(`${title}: the end was ${JSON.stringify(said.slice(-300))}`)
      }),
  }
}

const timeout = /<connection-timeout[^>]*\/>.*<\/stream:error><\/stream:stream>$/s
const nothing = /^$/

/** Says one byte after the other, slowly, until the connection is over. */
async function trickle(raw: Raw, text: string): Promise<void> {
  for (let at = 0; !raw.over; at = (at + 1) % text.length) {
    raw.send(text[at]!)
    await pause(10)
  }
}

/** What is begun and left: all of it at once, since each takes as long as the server's patience. */
const kinds: readonly Abuse[] = [
  abandoned('connections that say nothing', ({ c2s }) => new Raw(c2s).connected(), timeout),
  abandoned('streams that say nothing after their header', target => opened(target), timeout),
  abandoned(
    'headers that come byte by byte',
    async ({ c2s, domain }) => {
      const raw = await new Raw(c2s).connected()
      void trickle(raw, `${header(domain).slice(0, -1)} a='${'b'.repeat(10_000)}'`)
      return raw
    },
    timeout,
  ),
  abandoned(
    'requests before login that come byte by byte',
    async target => {
      const raw = await opened(target)
      void trickle(raw, `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${'A'.repeat(10_000)}`)
      return raw
    },
    timeout,
  ),
  abandoned(
    'SASL that was begun',
    async (target, index) => {
      const raw = await opened(target)
      // Names of their own: more than ten at once for one wait for each other.
      const first = Buffer.from(`n,,n=nobody${index},r=abcdefghijklmnop`).toString('base64')
      raw.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${first}</auth>`)
      await raw.expect(/<\/challenge>/)
      return raw
    },
    timeout,
  ),
  abandoned(
    'STARTTLS that was begun',
    async target => {
      const raw = await opened(target)
      raw.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
      await raw.expect(/<proceed[^>]*\/>/)
      raw.send(partOfHello)
      return raw
    },
    /<proceed[^>]*\/>$/,
  ),
  abandoned('direct TLS without a handshake', ({ tls }) => new Raw(tls).connected(), nothing),
  abandoned(
    'direct TLS with a part of a handshake',
    async ({ tls }) => {
      const raw = await new Raw(tls).connected()
      raw.send(partOfHello)
      return raw
    },
    nothing,
  ),
  abandoned(
    'direct TLS with a handshake and no header',
    async ({ tls }) => {
      const raw = await new Raw(tls).connected()
      await raw.secure()
      return raw
    },
    timeout,
  ),
  abandoned('HTTP without a request', ({ http }) => new Raw(http).connected(), nothing),
  abandoned(
    'HTTP with a part of a request',
    async ({ http }) => {
      const raw = await new Raw(http).connected()
      raw.send('GET / HTTP/1.1\r\nHost: a.test\r\n')
      return raw
    },
    /^(HTTP\/1\.1 408 |$)/,
  ),
  abandoned(
    'WebSocket requests for a path that there is not, from peers that do not close',
    async ({ http }) => {
      const raw = await new Raw(http).connected()
      raw.socket.allowHalfOpen = true
      // A server that has let go of the connection answers what still comes with a reset; one that waits takes it.
      raw.socket.once('end', () => {
        const poke = setInterval(() => (raw.over ? clearInterval(poke) : raw.send('a')), 100)
      })
      raw.send(upgrade('/elsewhere'))
      return raw
    },
    /^HTTP\/1\.1 404 /,
  ),
  abandoned(
    'WebSockets that say nothing',
    async ({ http }) => {
      const raw = await new Raw(http).connected()
      raw.send(upgrade())
      await raw.expect(/101 Switching/)
      return raw
    },
    /connection-timeout/,
  ),
  abandoned(
    'WebSockets that begin a message',
    async ({ http }) => {
      const raw = await new Raw(http).connected()
      raw.send(upgrade())
      await raw.expect(/101 Switching/)
      raw.send(frame(1, '<open', { more: true }))
      return raw
    },
    /connection-timeout/,
  ),
]

/** Half-open connections and slow ones. */
export const halfOpen: readonly Abuse[] = [
  {
    title: `half-open: ${kinds.map(({ title }) => title).join('; ')} (STR-28, SEC-06)`,
    async run(target) {
      await Promise.all(kinds.map(kind => kind.run(target)))
    },
  },
  {
    title: 'bound resources whose stanzas come byte by byte are served, and cost nothing but their bytes',
    run: target =>
      crowd(20, 20, async index => {
        const client = await bound(target, 'mallory', `slow-${index}`)
        let said = ''
        client.onData = chunk => (said += chunk.toString('utf8'))
        await paced(client, 80, at => "<iq type='get' id='slow'><ping xmlns='urn:xmpp:ping'/></iq>"[at] ?? '', {
          each: 1,
        })
        await pause(200)
        if (!/id='slow'/.test(said)) throw new Error(`a slow ping was not answered: ${said}`)
        client.destroy()
      }),
  },
]
