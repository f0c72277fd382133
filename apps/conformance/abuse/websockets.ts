/** Abuse of WebSockets (RFC 6455, RFC 7395): what a frame may be, how many there may be, and who has to read the answers. */

import { crowd, pause, type Abuse } from './abuse.ts'
import { frame, Raw, upgrade } from './raw.ts'
import type { Target } from './target.ts'

const TEXT = 1
const CONTINUATION = 0
const BINARY = 2
const CLOSE = 8
const PING = 9

const open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.test' version='1.0'/>"

async function webSocket({ http }: Target, options: { readonly silent?: boolean } = {}): Promise<Raw> {
  const raw = await new Raw(http, options).connected()
  raw.send(upgrade())
  if (!options.silent) await raw.expect(/101 Switching/)
  return raw
}

function ended(title: string, send: (raw: Raw) => Promise<void> | void, last: RegExp = /./): Abuse {
  return {
    title,
    run: target =>
      crowd(6, 3, async () => {
        const raw = await webSocket(target)
        raw.send(frame(TEXT, open))
        await raw.expect(/<\/stream:features>/)
        await send(raw)
        // The server closes (RFC 6455 §5.5.1); a peer that does not answer in kind would be waited for a while.
        await raw.expect(/\x88/)
        raw.send(frame(CLOSE, ''))
        const said = await raw.ended()
        if (!last.test(said)) throw new Error(`${title}: the end was ${JSON.stringify(said.slice(-300))}`)
      }),
  }
}

/** What ends a WebSocket. */
const kinds: readonly Abuse[] = [
  // Close frames with status 1009, 1003 and 1002 (RFC 6455 §7.4.1).
  ended('a frame of 10 MB', raw => void raw.send(frame(TEXT, 'a'.repeat(10_000_000))), /\x03\xf1/),
  ended('a binary message', raw => void raw.send(frame(BINARY, '<a/>')), /\x03\xeb/),
  ended('text that is no UTF-8', raw => void raw.send(frame(TEXT, Buffer.from([0xc0, 0x80]))), /\x03\xef/),
  ended('a frame of no known kind', raw => void raw.send(frame(5, 'a')), /\x03\xea/),
  ended(
    'a stanza of 300 kB',
    raw => void raw.send(frame(TEXT, `<message>${'a'.repeat(300_000)}</message>`)),
    /policy-violation/,
  ),
  ended(
    'an entity bomb',
    raw => void raw.send(frame(TEXT, "<!DOCTYPE b [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><message>&b;</message>")),
    /restricted-xml|not-well-formed/,
  ),
  ended(
    'deep nesting',
    raw => void raw.send(frame(TEXT, '<a>'.repeat(30_000) + '</a>'.repeat(30_000))),
    /policy-violation/,
  ),
  ended(
    'two stanzas in a message',
    raw => void raw.send(frame(TEXT, '<presence/><presence/>')),
    /not-well-formed|bad-format/,
  ),
  ended(
    'a stream header of TCP',
    raw => void raw.send(frame(TEXT, '<stream:stream>')),
    /not-well-formed|bad-format|invalid-namespace/,
  ),
  ended('fragments without an end', async raw => {
    raw.send(frame(TEXT, 'a', { more: true }))
    const some = Buffer.concat(Array.from({ length: 1000 }, () => frame(CONTINUATION, 'a', { more: true })))
    for (let sent = 0; sent < 100 && !raw.over; sent++) {
      raw.send(some)
      await pause(5)
    }
  }),
]

/** What a client may do to a WebSocket. */
export const webSockets: readonly Abuse[] = [
  {
    title: `messages that end a WebSocket: ${kinds.map(({ title }) => title).join('; ')}`,
    async run(target) {
      for (const kind of kinds) await kind.run(target)
    },
  },
  {
    title: 'pings whose answers are not read',
    run: target =>
      crowd(3, 3, async () => {
        const raw = await webSocket(target, { silent: true })
        raw.socket.pause()
        const some = Buffer.concat(Array.from({ length: 400 }, () => frame(PING, 'a'.repeat(125))))
        // 10 MB of answers, far more than the system keeps.
        for (let sent = 0; sent < 200 && !raw.over; sent++) {
          raw.send(some)
          await pause(5)
        }
        raw.destroy()
        await raw.closed
      }),
  },
]
