// CPU time of the way of a stanza between two sockets: bytes, Fragment, stamped stanza, wire text. One process, several rounds.
// Run: pnpm exec node --conditions=@tercet/source packages/stanza/bench/route.bench.ts
import { Jid } from '@tercet/jid'
import { type Fragment, tcpReader } from '@tercet/xml'
import { errorReply, fromFragment, message, type Stanza, StanzaError, writeStanza } from '@tercet/stanza'
import { stanzaId } from '@tercet/stanza/stanza-id'
import * as roster from '@tercet/stanza/roster'

const ROUNDS = 11
const STANZAS = 40_000
const KEPT = 1_000
const CHUNK = 16_384

const from = Jid.parse('romeo@montague.lit/orchard')
const options = { from, lang: 'en' }
const words =
  'Wherefore art thou Romeo? Deny thy father and refuse thy name, or if thou wilt not, be but sworn my love. '
const chat = (i: number) =>
  `<message to='juliet${i % 500}@capulet.lit/balcony' type='chat' id='m${i}'><body>${words}${words.slice(0, 40)}</body>` +
  "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/><active xmlns='http://jabber.org/protocol/chatstates'/></message>"
const mixed = (i: number) => {
  switch (i % 4) {
    case 0:
      return chat(i)
    case 1:
      return `<presence><show>away</show><status>here</status><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`
    case 2:
      return `<iq type='get' id='i${i}' to='capulet.lit'><ping xmlns='urn:xmpp:ping'/></iq>`
    default:
      return `<message to='juliet${i % 500}@capulet.lit' type='chat' id='m${i}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`
  }
}

const HEADER = Buffer.from(
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='montague.lit' version='1.0'>",
)

function bytesOf(make: (i: number) => string, count = STANZAS): Uint8Array[] {
  const all = Buffer.from(Array.from({ length: count }, (_, i) => make(i)).join(''))
  const chunks: Uint8Array[] = []
  for (let at = 0; at < all.length; at += CHUNK) chunks.push(all.subarray(at, at + CHUNK))
  return chunks
}

/** Reads every stanza and hands it to `use`. */
function read(chunks: readonly Uint8Array[], use: (fragment: Fragment) => void): void {
  const reader = tcpReader()
  reader.push(HEADER)
  while (reader.next());
  for (const chunk of chunks) {
    reader.push(chunk)
    for (let event = reader.next(); event; event = reader.next()) if (event.kind === 'element') use(event.element)
  }
}

function fragmentsOf(chunks: readonly Uint8Array[]): Fragment[] {
  const fragments: Fragment[] = []
  read(chunks, fragment => fragments.push(fragment))
  return fragments
}

let length = 0
const relay = (fragment: Fragment) => void (length += writeStanza(fromFragment(fragment, options)).length)
const slab = Buffer.alloc(65_536)
const relayBytes = (fragment: Fragment) => void (length += slab.write(writeStanza(fromFragment(fragment, options))))
/** Does `use` for STANZAS values, the kept ones again and again. */
const each =
  <T>(values: readonly T[], use: (value: T) => void) =>
  () => {
    for (let round = 0; round < STANZAS / KEPT; round++) for (const value of values) use(value)
  }

const chatBytes = bytesOf(chat)
const mixedBytes = bytesOf(mixed)
// Few, so that what the other cases cost is not the collector walking over them.
const chatFragments = fragmentsOf(bytesOf(chat, KEPT))
const stanzas: Stanza[] = chatFragments.map(fragment => fromFragment(fragment, options))
const by = Jid.parse('juliet@capulet.lit')
const rosterElement = roster.query.write({
  items: Array.from({ length: 50 }, (_, i) => ({ jid: Jid.parse(`c${i}@x.lit`), name: `C ${i}`, groups: ['Friends'] })),
})
const refusal = new StanzaError('service-unavailable')
const answered = message({ to: by, from, id: 'm1', body: 'x' })

const cases: readonly (readonly [name: string, run: () => void, operations?: number])[] = [
  ['read only: bytes to Fragment, chat', () => read(chatBytes, () => (length += 1))],
  [
    'fromFragment, chat',
    each(chatFragments, fragment => void (length += fromFragment(fragment, options).extra.length)),
  ],
  ['writeStanza, chat', each(stanzas, stanza => void (length += writeStanza(stanza).length))],
  ['all: bytes to stamped text, chat', () => read(chatBytes, relay)],
  ['all: bytes to stamped text, mixed', () => read(mixedBytes, relay)],
  ['all: bytes to stamped bytes, chat', () => read(chatBytes, relayBytes)],
  ['all: bytes to stamped bytes, mixed', () => read(mixedBytes, relayBytes)],
  [
    'all, chat, with a stanza-id stripped and added',
    () =>
      read(chatBytes, fragment => {
        const stanza = fromFragment(fragment, options).minus(stanzaId).plus(stanzaId, { id: '1732100000000-1', by })
        length += writeStanza(stanza).length
      }),
  ],
  [
    'one body to 500: with() and writeStanza, a copy',
    each(stanzas, () => void (length += writeStanza(stanzas[0]!.with({ to: by })).length)),
  ],
  [
    'errorReply and writeStanza',
    each(stanzas, () => void (length += writeStanza(errorReply(answered, refusal)!).length)),
  ],
  [
    'roster of 50 read from its tree',
    () => {
      for (let i = 0; i < 1_000; i++) length += roster.query.read(rosterElement).items.length
    },
    1_000,
  ],
]

for (const [name, run, operations = STANZAS] of cases) {
  const micros: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(start)
    micros.push((user + system) / operations)
  }
  micros.sort((a, b) => a - b)
  const median = micros[ROUNDS >> 1]!
  console.log(`${name.padEnd(52)} ${median.toFixed(2).padStart(7)} µs (min ${micros[0]!.toFixed(2)})`)
}
if (length === 0) throw new Error('Nothing was measured')
