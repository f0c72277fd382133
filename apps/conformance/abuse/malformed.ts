/** Input that no reader may take (RFC 6120 §11, §13.12; XEP-0205): each piece ends its stream with the right error. */

import { bound, crowd, opened, pause, type Abuse } from './abuse.ts'
import { header, Raw } from './raw.ts'

const laughs = Array.from({ length: 10 }, (_, level) =>
  level === 0 ? '<!ENTITY l0 "ha">' : `<!ENTITY l${level} "${`&l${level - 1};`.repeat(10)}">`,
).join('')

const numbered = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('')

/** What stands in for a stanza, and the stream errors that may answer it. */
const elements: readonly [title: string, bytes: string | Buffer, conditions: RegExp][] = [
  ['tags that do not match', '<message><body>a</message></body>', /not-well-formed/],
  ['an attribute twice', "<message id='a' id='b'/>", /not-well-formed/],
  ['two attributes of one expanded name', "<iq xmlns:a='u' xmlns:b='u' a:c='1' b:c='2'/>", /not-well-formed/],
  ['a < in an attribute', "<message id='<'/>", /not-well-formed/],
  ['a prefix without a namespace', '<x:message/>', /not-well-formed/],
  ['a NUL', '<message>\u0000</message>', /not-well-formed/],
  ['a reference to a forbidden character', '<message>&#0;</message>', /not-well-formed/],
  ['U+FFFE', '<message>\uFFFE</message>', /not-well-formed/],
  ['bytes that are no UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0x80, 0x3c, 0x2f, 0x61, 0x3e]), /not-well-formed/],
  ['a CDATA section that is not closed right', '<message>]]></message>', /not-well-formed/],
  ['text between stanzas', 'hello', /bad-format|not-well-formed/],
  ['a second XML declaration', "<?xml version='1.0'?><message/>", /restricted-xml|not-well-formed/],
  ['a comment', '<message><!-- a --></message>', /restricted-xml/],
  ['a processing instruction', '<message><?a b?></message>', /restricted-xml/],
  ['a billion laughs', `<!DOCTYPE a [${laughs}]><message>&l9;</message>`, /restricted-xml/],
  ['an external entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', /restricted-xml/],
  ['an entity that nobody declared', '<message>&l9;</message>', /restricted-xml|not-well-formed/],
  ['10,000 levels', '<a>'.repeat(10_000), /policy-violation/],
  ['10,000 levels in a foreign namespace', `<a xmlns='u'>${'<b>'.repeat(10_000)}`, /policy-violation/],
  ['10,000 attributes', `<message ${numbered(10_000, index => `a${index}='' `)}/>`, /policy-violation/],
  ['1,000 namespaces', `<message ${numbered(1000, index => `xmlns:a${index}='u${index}' `)}/>`, /policy-violation/],
  [
    'namespaces level by level',
    `<message>${numbered(90, index => `<a xmlns:p${index}='u' xmlns:q${index}='u'>`)}${'</a>'.repeat(90)}</message>`,
    /policy-violation/,
  ],
  ['a name of 100,000 bytes', `<${'a'.repeat(100_000)}/>`, /policy-violation/],
  ['a name that never ends', `<${'a'.repeat(400_000)}`, /policy-violation/],
  ['an attribute of 1 MB', `<message id='${'a'.repeat(1_000_000)}'/>`, /policy-violation/],
  ['an attribute that never ends', `<message id='${'a'.repeat(400_000)}`, /policy-violation/],
  ['a text of 1 MB', `<message><body>${'a'.repeat(1_000_000)}</body></message>`, /policy-violation/],
  ['1 MB of children', `<message>${'<a/>'.repeat(250_000)}</message>`, /policy-violation/],
  ['1 MB of entities', `<message>${'&amp;'.repeat(200_000)}</message>`, /policy-violation/],
  ['an element of no known kind', "<a xmlns='urn:a'/>", /unsupported-stanza-type|policy-violation/],
]

/** What stands in for a stream header. */
const headers: readonly [title: string, bytes: string | Buffer, conditions: RegExp][] = [
  ['an encoding of its own', "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", /unsupported-encoding/],
  ['UTF-16', Buffer.from(header('a.test'), 'utf16le'), /not-well-formed|unsupported-encoding|bad-format/],
  ['a billion laughs', `<!DOCTYPE a [${laughs}]><a>&l9;</a>`, /restricted-xml/],
  ['another namespace', "<stream:stream to='a.test' xmlns:stream='urn:a' xmlns='jabber:client'>", /invalid-namespace/],
  ['another domain', header('b.test'), /host-unknown/],
  ['HTTP', 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', /bad-format|not-well-formed/],
  ['TLS', Buffer.from('160301020001000001fc0303', 'hex'), /bad-format|not-well-formed/],
  ['a name that never ends', `<${'a'.repeat(100_000)}`, /policy-violation/],
  ['10,000 attributes', `<stream:stream ${numbered(10_000, index => `a${index}='' `)}>`, /policy-violation/],
  ['white space for ever', ' '.repeat(400_000), /policy-violation|bad-format|not-well-formed|restricted-xml/],
]

function expectError(title: string, said: string, conditions: RegExp): void {
  const error = /<stream:error.*?<\/stream:error>/s.exec(said)?.[0]
  if (error === undefined) throw new Error(`${title}: no stream error: ${said.slice(-400)}`)
  if (!conditions.test(error)) throw new Error(`${title}: expected ${String(conditions)}, got ${error}`)
  if (!said.endsWith('</stream:stream>')) throw new Error(`${title}: the stream was not closed: ${said.slice(-200)}`)
}

/** Bytes in pieces, so that not all of them come in one read. */
async function sendInPieces(connection: { send(bytes: Buffer): unknown }, bytes: string | Buffer): Promise<void> {
  const all = Buffer.from(bytes)
  const size = 16_384
  for (let at = 0; at < all.length; at += size) {
    connection.send(all.subarray(at, at + size))
    if (all.length > size) await pause(1)
  }
}

/** Malformed and boundless input before a stream is authenticated, and after a resource is bound. */
export const malformed: readonly Abuse[] = [
  {
    title: 'input in place of a stream header (STR-06, STR-11, STR-12, STR-14, STR-24)',
    run: target =>
      crowd(headers.length * 2, 4, async index => {
        const [title, bytes, conditions] = headers[index % headers.length]!
        const raw = await new Raw(target.c2s).connected()
        await sendInPieces(raw, bytes)
        expectError(title, await raw.ended(), conditions)
      }),
  },
  {
    title: 'malformed, oversized and nested input before login (STR-11…STR-14, STR-24, STR-25)',
    run: target =>
      crowd(elements.length * 2, 4, async index => {
        const [title, bytes, conditions] = elements[index % elements.length]!
        const raw = await opened(target)
        await sendInPieces(raw, bytes)
        expectError(title, await raw.ended(), conditions)
      }),
  },
  {
    title: 'malformed, oversized and nested input from a bound resource (STR-11…STR-14, STR-24, STR-25)',
    run: target =>
      crowd(elements.length, 2, async index => {
        const [title, bytes, conditions] = elements[index]!
        const client = await bound(target, 'mallory', `malformed-${index}`)
        let said = ''
        client.onData = chunk => (said += chunk.toString('utf8'))
        const over = new Promise<void>(resolve => (client.onClose = resolve))
        await sendInPieces({ send: bytes => client.socket.write(bytes) }, bytes)
        await over
        expectError(title, said, conditions)
      }),
  },
  {
    title: 'stanzas before authentication and before binding (STR-19)',
    run: target =>
      crowd(20, 4, async () => {
        const raw = await opened(target)
        raw.send(`<message to='victim@${target.domain}'><body>a</body></message>`.repeat(100))
        expectError('a message', await raw.ended(), /not-authorized/)
      }),
  },
]
