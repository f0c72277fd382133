import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { clientHeader, handedOverStanzas, scannedStanzas, serverHeader } from '../bench/corpus.ts'
import { Cutter } from './cutter.ts'
import { Element } from './element.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { ReaderOptions, StreamEvent, StreamReader } from './reader.ts'

const STREAMS = 'http://etherx.jabber.org/streams'
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a stream gave, white space merged: the cut of the stream decides how many events a run of it is. */
function readAll(reader: StreamReader, chunks: Iterable<Uint8Array>): unknown[] {
  const events: unknown[] = []
  try {
    for (const chunk of chunks) {
      const lent = chunk.slice()
      reader.push(lent)
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        const shown = show(event)
        if (shown !== 'whitespace' || events.at(-1) !== 'whitespace') events.push(shown)
      }
      lent.fill(0)
    }
  } catch (error) {
    // Errors of a module loaded anew are of another class, so they are known by their name.
    const { name, condition } = error as { name: string; condition: string }
    if (name !== 'XmlError') throw error
    events.push(condition)
  }
  return events
}

function show(event: StreamEvent): unknown {
  if (event.kind === 'element') return event.element.toElement()
  return event.kind === 'open' ? event.header : event.kind
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

const el = (name: string, attrs: string[] = [], children: (Element | string)[] = [], ns = 'jabber:client'): Element =>
  new Element(name, ns, attrs, children)

/** Titles, input behind a client's header, and the elements that it is. */
const accepted: [title: string, input: string, elements: unknown[]][] = [
  ['an empty element', '<presence/>', [el('presence')]],
  ['nothing between the tags', '<presence></presence>', [el('presence')]],
  ['both quotes', `<a b='"' c="'"/>`, [el('a', ['b', '"', 'c', "'"])]],
  ['> in a value and in text', "<a b='>'>></a>", [el('a', ['b', '>'], ['>'])]],
  ['] and ]] in text', '<a>]]]</a>', [el('a', [], [']]]'])]],
  ['the five entities', "<a b='&lt;&gt;&amp;'>&quot;&apos;</a>", [el('a', ['b', '<>&'], [`"'`])]],
  ['character references (RFC 6120 §11.1)', '<a>&#65;&#x1F339;&#10;</a>', [el('a', [], ['A🌹\n'])]],
  ['CDATA joined with text', '<a>x<![CDATA[<&]]>y</a>', [el('a', [], ['x<&y'])]],
  [']]> next to CDATA', '<a><![CDATA[]]]]>&gt;</a>', [el('a', [], [']]>'])]],
  ['line ends become LF (XML 1.0 §2.11)', '<a>1\r\n2\r3\n4</a>', [el('a', [], ['1\n2\n3\n4'])]],
  ['white space in a value becomes a space (XML 1.0 §3.3.3)', "<a b='1\t2\n3\r\n4'/>", [el('a', ['b', '1 2 3 4'])]],
  ['a reference to white space stays', "<a b='1&#9;&#10;&#13;'/>", [el('a', ['b', '1\t\n\r'])]],
  ['white space in tags', "<a\n b = '1'\t></a >", [el('a', ['b', '1'])]],
  ['characters of every length', '<a é="ü">é€😀</a>', [el('a', ['é', 'ü'], ['é€😀'])]],
  ['U+FEFF is a character, no BOM (RFC 6120 §11.6)', '<a>\ufeffb</a>', [el('a', [], ['\ufeffb'])]],
  ['DEL and C1 controls are legal', '<a>\x7f\u0085</a>', [el('a', [], ['\x7f\u0085'])]],
  ['xml:lang', "<a xml:lang='de'/>", [el('a', ['xml:lang', 'de'])]],
  ['an attribute in a namespace', "<a xmlns:p='urn:p' p:b='1' b='2'/>", [el('a', ['{urn:p}b', '1', 'b', '2'])]],
  [
    'names of object prototypes',
    "<a hasOwnProperty='1' b='2' __proto__='3'/>",
    [el('a', ['hasOwnProperty', '1', 'b', '2', '__proto__', '3'])],
  ],
  ['a namespace of its own', "<r xmlns='urn:xmpp:sm:3'/>", [el('r', [], [], 'urn:xmpp:sm:3')]],
  ['the content namespace declared again', "<a xmlns='jabber:client'/>", [el('a')]],
  [
    'a prefix for the content namespace (RFC 6120 §4.8.5)',
    "<c:a xmlns:c='jabber:client'><c:b/></c:a>",
    [el('a', [], [el('b')])],
  ],
  [
    'a prefix of the stream header',
    "<stream:error><x xmlns='u'/></stream:error>",
    [el('error', [], [el('x', [], [], 'u')], STREAMS)],
  ],
  ['no namespace inside', "<a><b xmlns=''><c/></b></a>", [el('a', [], [el('b', [], [el('c', [], [], '')], '')])]],
  [
    'a stanza inside a foreign element (XEP-0297 §3.2)',
    "<a><f xmlns='u'><a xmlns='jabber:client'><b/></a></f></a>",
    [el('a', [], [el('f', [], [el('a', [], [el('b')])], 'u')])],
  ],
  [
    'a foreign content namespace inside a foreign element',
    "<a><f xmlns='u'><a xmlns='jabber:server'/></f></a>",
    [el('a', [], [el('f', [], [el('a', [], [], 'jabber:server')], 'u')])],
  ],
  ['any content namespace between content elements', "<a><b xmlns='jabber:server'/></a>", [el('a', [], [el('b')])]],
  [
    'an escaped namespace is what it stands for',
    "<a xmlns='jabber:&#99;lient'><b xmlns='urn:xmpp:dela&#121;'/></a>",
    [el('a', [], [el('b', [], [], 'urn:xmpp:delay')])],
  ],
  [
    'a padded namespace is another one',
    "<a><b xmlns='urn:xmpp:delay '/></a>",
    [el('a', [], [el('b', [], [], 'urn:xmpp:delay ')])],
  ],
  [
    'white space between elements (RFC 6120 §4.6.1)',
    ' <a/>\n\t<b/> ',
    ['whitespace', el('a'), 'whitespace', el('b'), 'whitespace'],
  ],
  ['the end', '<a/></stream:stream >  <b/>', [el('a'), 'close']],
]

/** Titles, input behind a client's header, and the condition that it is refused with. */
const refused: [title: string, input: string, condition: string][] = [
  ['a comment (RFC 6120 §11.1)', '<a><!-- b --></a>', 'restricted-xml'],
  ['a comment between elements', '<!-- b -->', 'restricted-xml'],
  ['a processing instruction', '<a><?b c?></a>', 'restricted-xml'],
  ['a second XML declaration (RFC 6120 §11.5)', "<?xml version='1.0'?>", 'restricted-xml'],
  ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
  ['a document type inside', "<a><!DOCTYPE b [<!ENTITY c 'd'>]></a>", 'restricted-xml'],
  ['an entity of its own', '<a>&lol;</a>', 'restricted-xml'],
  ['an entity in a value', "<a b='&lol;'/>", 'restricted-xml'],
  ['an entity in capitals', '<a>&LT;</a>', 'restricted-xml'],
  ['an entity named as a prototype', '<a>&__proto__;</a>', 'restricted-xml'],
  ['a bare &', '<a>b & c</a>', 'not-well-formed'],
  ['an empty reference', '<a>&;</a>', 'not-well-formed'],
  ['a character reference in capitals', '<a>&#X41;</a>', 'not-well-formed'],
  ['a character reference without digits', '<a>&#;</a>', 'not-well-formed'],
  ['a reference to U+0000', '<a>&#0;</a>', 'not-well-formed'],
  ['a reference to a surrogate', '<a>&#xD800;</a>', 'not-well-formed'],
  ['a reference to U+FFFE', '<a>&#xFFFE;</a>', 'not-well-formed'],
  ['a reference beyond Unicode', '<a>&#x110000;</a>', 'not-well-formed'],
  ['an end tag that does not match', '<a><b></a>', 'not-well-formed'],
  ['an end tag longer than its start', '<a></ab>', 'not-well-formed'],
  ['an end tag with an attribute', "<a></a b='c'>", 'not-well-formed'],
  ['an end tag of another stream', '</stream>', 'not-well-formed'],
  ['a repeated attribute', "<a b='1' b='2'/>", 'not-well-formed'],
  ['a repeated declaration', "<a xmlns='u' xmlns='u'/>", 'not-well-formed'],
  [
    'attributes equal when expanded (RFC 6120 §11.3)',
    "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
    'not-well-formed',
  ],
  ['a prefix that is not declared', '<p:a/>', 'not-well-formed'],
  ['a prefix named as a prototype', '<constructor:a/>', 'not-well-formed'],
  ['an attribute prefix that is not declared', "<a p:b='1'/>", 'not-well-formed'],
  ['a prefix undeclared', "<a xmlns:p=''/>", 'not-well-formed'],
  ['xml: bound to something else', "<a xmlns:xml='u'/>", 'not-well-formed'],
  ['xmlns: declared', "<a xmlns:xmlns='u'/>", 'not-well-formed'],
  [
    'another prefix for the namespace of xml:',
    "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
    'not-well-formed',
  ],
  ['two colons', "<a xmlns:p='u'><p:b:c/></a>", 'not-well-formed'],
  ['< in a value', "<a b='<'/>", 'not-well-formed'],
  ['a value without quotes', '<a b=1/>', 'not-well-formed'],
  ['an attribute without a value', '<a b/>', 'not-well-formed'],
  ['no space between attributes', "<a b='1'c='2'/>", 'not-well-formed'],
  [']]> in text', '<a>]]></a>', 'not-well-formed'],
  ['white space after <', '< a/>', 'not-well-formed'],
  ['white space after </', '<a></ a>', 'not-well-formed'],
  ['white space after /', '<a/ >', 'not-well-formed'],
  ['a name that starts with a digit', '<1a/>', 'not-well-formed'],
  ['a name that starts with a combining character', '<\u0301a/>', 'not-well-formed'],
  ['CDATA between elements', '<![CDATA[ ]]>', 'not-well-formed'],
  ['U+0000', '<a>\0</a>', 'not-well-formed'],
  ['a control character', '<a>\x0b</a>', 'not-well-formed'],
  ['a control character in a value', "<a b='\x01'/>", 'not-well-formed'],
  ['a control character between elements', '\x01', 'not-well-formed'],
  ['U+FFFE', '<a>\ufffe</a>', 'not-well-formed'],
  ['U+FFFF in a value', "<a b='\uffff'/>", 'not-well-formed'],
  ['text between elements (RFC 6120 §11.7)', '<a/>b', 'bad-format'],
  [
    'another content namespace on a first-level element (RFC 6120 §4.8.3)',
    "<a xmlns='jabber:server'/>",
    'invalid-namespace',
  ],
  ['a first-level element in no namespace', "<a xmlns=''/>", 'invalid-namespace'],
]

/** Bytes that are no UTF-8 (RFC 6120 §11.6). */
const notUtf8: [title: string, bytes: number[]][] = [
  ['an overlong form', [0xc0, 0x80]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ['a continuation alone', [0x80]],
  ['a lead byte alone', [0xc3]],
  ['ISO 8859-1', [0xe9]],
]

const headers: [title: string, input: string, outcome: unknown][] = [
  [
    'without a declaration',
    `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='a'>`,
    header('stream', ['to', 'a']),
  ],
  ['white space before it', `\n<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`, header('stream', [])],
  [
    'UTF-8 by name',
    `<?xml version="1.0" encoding="utf-8" standalone='yes' ?>\n<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
    header('stream', []),
  ],
  [
    'another prefix (RFC 6120 §4.8.5)',
    `<s:stream xmlns='jabber:client' xmlns:s='${STREAMS}' xml:lang='en'>`,
    header('s', ['xml:lang', 'en']),
  ],
  [
    'values with references',
    `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to="a&amp;&#98;">`,
    header('stream', ['to', 'a&b']),
  ],
  ['another encoding', "<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream>", 'unsupported-encoding'],
  ['bytes of UTF-16', '\ufffe', 'not-well-formed'],
  ['a byte order mark', '\ufeff<a/>', 'not-well-formed'],
  ['white space before the declaration', " <?xml version='1.0'?>", 'restricted-xml'],
  ['XML 2', "<?xml version='2.0'?><stream:stream>", 'not-well-formed'],
  ['another processing instruction', '<?php ?><stream:stream>', 'restricted-xml'],
  ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
  ['text', 'GET / HTTP/1.1', 'not-well-formed'],
  ['an end tag', '</stream:stream>', 'not-well-formed'],
  [
    'another namespace (RFC 6120 §4.8.1)',
    "<stream:stream xmlns='jabber:client' xmlns:stream='u'>",
    'invalid-namespace',
  ],
  ['an unbound prefix', "<stream:stream xmlns='jabber:client'>", 'not-well-formed'],
  ['another name', `<stream:steam xmlns='jabber:client' xmlns:stream='${STREAMS}'>`, 'bad-format'],
  ['no prefix (RFC 6120 §4.8.5)', `<stream xmlns='${STREAMS}'>`, 'bad-namespace-prefix'],
  ['no content namespace', `<stream:stream xmlns:stream='${STREAMS}'>`, 'invalid-namespace'],
  ['an unknown content namespace', `<stream:stream xmlns='u' xmlns:stream='${STREAMS}'>`, 'invalid-namespace'],
  ['an end of its own', `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'/>`, 'bad-format'],
  [
    'more than 16 KiB',
    `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='${'a'.repeat(20_000)}'>`,
    'policy-violation',
  ],
]

function header(prefix: string, attrs: string[]): unknown {
  return { name: 'stream', ns: STREAMS, contentNs: 'jabber:client', prefix, attrs }
}

afterAll(() => vi.doUnmock('#platform'))

describe.each(['node', 'web'])('on the platform file %s', platform => {
  describe.each(['scan', 'sax'] as const)('framing %s', async framing => {
    vi.resetModules()
    vi.doMock('#platform', () => import(`./platform/${platform}.ts`))
    const { tcpReader } = await import('./tcp-reader.ts')
    const { ascii } = await import('#platform')

    /** Events behind the header. */
    const read = (input: string | Uint8Array, size = Infinity, options: ReaderOptions = { framing }): unknown[] => {
      const reader = tcpReader(options)
      const bytes = typeof input === 'string' ? bytesOf(input) : input
      return readAll(reader, [bytesOf(clientHeader), ...pieces(bytes, size)]).slice(1)
    }

    test('the platform file is the one that was asked for', () => {
      expect(ascii.toString().includes('decoder')).toBe(platform === 'web')
    })

    test.each(accepted)('reads %s', (_, input, elements) => {
      expect(JSON.stringify(read(input))).toBe(JSON.stringify(elements))
      expect(JSON.stringify(read(input, 1))).toBe(JSON.stringify(elements))
    })

    test.each(refused)('refuses %s', (_, input, condition) => {
      expect(read(input).at(-1)).toBe(condition)
      expect(read(input, 1).at(-1)).toBe(condition)
    })

    test.each(notUtf8)('refuses %s in text and in values (RFC 6120 §11.6)', (_, wrong) => {
      const text = Uint8Array.from([...bytesOf('<a>'), ...wrong, ...bytesOf('</a>')])
      const value = Uint8Array.from([...bytesOf("<a b='"), ...wrong, ...bytesOf("'/>")])
      expect([read(text), read(text, 1), read(value)]).toEqual(Array(3).fill(['not-well-formed']))
    })

    test.each(headers)('header: %s', (_, input, outcome) => {
      for (const size of [Infinity, 1]) {
        expect(readAll(tcpReader({ framing }), pieces(bytesOf(input), size))).toMatchObject([outcome])
      }
    })

    test('UTF-16 is refused by its byte order mark (RFC 6120 §11.6)', () => {
      expect(readAll(tcpReader({ framing }), [Uint8Array.of(0xff, 0xfe, 0x3c, 0)])).toEqual(['unsupported-encoding'])
    })

    test('every stanza of the corpus reads the same cut at every byte', () => {
      const differing: unknown[] = []
      for (const stanza of [...scannedStanzas, ...handedOverStanzas]) {
        const bytes = bytesOf(stanza)
        const whole = JSON.stringify(read(bytes))
        for (let cut = 1; cut < bytes.length; cut++) {
          const reader = tcpReader({ framing })
          const events = readAll(reader, [bytesOf(clientHeader), bytes.subarray(0, cut), bytes.subarray(cut)])
          if (JSON.stringify(events.slice(1)) !== whole) differing.push([stanza, cut])
        }
      }
      expect(differing).toEqual([])
    })

    test('a whole stream reads the same in chunks of any size', () => {
      const bytes = bytesOf(clientHeader + [...scannedStanzas, ...handedOverStanzas].join(' \n') + '</stream:stream>')
      const whole = JSON.stringify(readAll(tcpReader({ framing }), [bytes]))
      for (const size of [1, 2, 3, 7, 64, 255, 256, 257, 1000, 1460]) {
        expect(JSON.stringify(readAll(tcpReader({ framing }), pieces(bytes, size)))).toBe(whole)
      }
    })

    test('arbitrary bytes give events or an XmlError, nothing else', () => {
      const markup = fc.array(
        fc.constantFrom(...'<>/=\'"&;:! []?-ab\0é'.split(''), '<a>', '</a>', ' xmlns=', '<![CDATA[', ']]>'),
        { maxLength: 40 },
      )
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array({ maxLength: 60 }),
            markup.map(parts => bytesOf('<a ' + parts.join(''))),
          ),
          bytes => {
            expect(JSON.stringify(read(bytes))).toBe(JSON.stringify(read(bytes, 1)))
          },
        ),
        { numRuns: 500 },
      )
    })

    test('limits end the stream with policy-violation (RFC 6120 §13.12)', () => {
      const limits = { maxBytes: 100, maxDepth: 3, maxAttributes: 2, maxNameBytes: 8, maxNamespaces: 6 }
      const violates = (input: string): unknown[] =>
        [1, 7, Infinity].map(size => read(input, size, { framing, limits }).at(-1))
      const violation = Array(3).fill('policy-violation')
      expect(read(`<a>${'b'.repeat(93)}</a>`, 9, { framing, limits })).toHaveLength(1)
      expect(violates(`<a>${'b'.repeat(94)}</a>`)).toEqual(violation)
      expect(violates(`<a b='${'c'.repeat(200)}`)).toEqual(violation)
      expect(read('<a><b><c/></b></a>', 9, { framing, limits })[0]).toBeInstanceOf(Object)
      expect(violates('<a><b><c><d/></c></b></a>')).toEqual(violation)
      expect(violates("<a b='1' c='2' d='3'/>")).toEqual(violation)
      expect(violates('<abcdefghi/>')).toEqual(violation)
      expect(violates("<a abcdefghi='1'/>")).toEqual(violation)
      expect(violates("<a xmlns:b='1' xmlns:c='2'><d xmlns:e='3' xmlns:f='4'/></a>")).toEqual(violation)
    })

    test('hostile input costs no more than its bytes (STR-25)', () => {
      expect(read('<a>'.repeat(10_000)).at(-1)).toBe('policy-violation')
      expect(read(`<a b='${'c'.repeat(300_000)}'/>`).at(-1)).toBe('policy-violation')
      expect(read(`<a>${'<b/>'.repeat(60_000)}</a>`)).toHaveLength(1)
      expect(read(`<a ${Array.from({ length: 99 }, (_, i) => `b${i}='c'`).join(' ')}/>`)).toHaveLength(1)
      expect(read(`<a>${"<b xmlns:c='d'>".repeat(60)}${'<e/>'.repeat(30_000)}${'</b>'.repeat(60)}</a>`)).toHaveLength(1)
      expect(read(`<a>${"<b xmlns:c='d'>".repeat(90)}`).at(-1)).not.toBe('not-well-formed')
    })

    test('the content namespace of a server stream is ours in memory (RFC 6120 §4.8.3)', () => {
      const input =
        serverHeader +
        "<message><body/><f xmlns='u'><message xmlns='jabber:server'/></f></message><db:result>key</db:result>"
      const [, message, result] = readAll(tcpReader({ framing }), [bytesOf(input)])
      const forwarded = el('f', [], [el('message', [], [], 'jabber:server')], 'u')
      expect(message).toMatchObject(el('message', [], [el('body'), forwarded]))
      expect(result).toMatchObject(el('result', [], ['key'], 'jabber:server:dialback'))
    })

    test('restart expects a header and drops what came before TLS (RFC 6120 §5.4.3.3)', () => {
      const reader = tcpReader({ framing })
      reader.push(bytesOf(clientHeader + '<a/><injected/>'))
      expect([reader.next()?.kind, reader.next()?.kind]).toEqual(['open', 'element'])
      reader.restart(true)
      expect([reader.next(), reader.pendingBytes]).toEqual([undefined, 0])
      reader.push(bytesOf(clientHeader.slice(0, 30)))
      expect(reader.next()).toBeUndefined()
      reader.push(bytesOf(clientHeader.slice(30) + '<b/>'))
      expect([reader.next()?.kind, reader.next()?.kind]).toEqual(['open', 'element'])
    })

    test('restart without discarding reads on: SASL may be followed at once by the next header', () => {
      const reader = tcpReader({ framing })
      reader.push(bytesOf(clientHeader + "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" + clientHeader))
      expect([reader.next()?.kind, reader.next()?.kind]).toEqual(['open', 'element'])
      reader.restart()
      expect(reader.next()?.kind).toBe('open')
    })

    test('keep copies what is unread; later chunks queue behind it', () => {
      const reader = tcpReader({ framing })
      const chunk = bytesOf(clientHeader + '<a/><b>1</b><c')
      reader.push(chunk)
      expect([reader.next()?.kind, reader.next()?.kind]).toEqual(['open', 'element'])
      reader.keep()
      chunk.fill(0)
      expect(reader.pendingBytes).toBe('<b>1</b><c'.length)
      reader.push(bytesOf('/><d/>'))
      const names: unknown[] = []
      for (let event = reader.next(); event; event = reader.next())
        if (event.kind === 'element') names.push(event.element.name)
      expect(names).toEqual(['b', 'c', 'd'])
      expect(reader.pendingBytes).toBe(0)
    })

    test('an error is the end: nothing more is read', () => {
      const reader = tcpReader({ framing })
      reader.push(bytesOf(clientHeader + '<a></b><c/>'))
      reader.next()
      expect(() => reader.next()).toThrow()
      reader.push(bytesOf('<d/>'))
      expect([reader.next(), reader.pendingBytes]).toEqual([undefined, 0])
    })
  })
})

describe('the scan', async () => {
  const { tcpReader } = await import('./tcp-reader.ts')

  const counts = (stanza: string): [scanned: number, handedOver: number] => {
    const reader = tcpReader()
    readAll(reader, [bytesOf(clientHeader + stanza)])
    return [reader.scanned, reader.handovers]
  }

  test.each(scannedStanzas)('reads %s', stanza => expect(counts(stanza)).toEqual([1, 0]))

  test.each([
    ...handedOverStanzas,
    "<a><b xmlns='urn:xmpp:dela&#121;'/></a>",
    "<a><b xmlns='urn:xmpp:delay '/></a>",
    "<a><b xmlns='urn:x&amp;y'/></a>",
    "<a><b xmlns=''/></a>",
    "<a><b xmlns='jabber:client'/></a>",
    "<a><b xmlns='jabber:component:accept'/></a>",
    `<a><b xmlns='${STREAMS}'/></a>`,
    "<a><f xmlns='u'><b xmlns='jabber:server'/></f></a>",
    "<a><f xmlns='u'/><b xmlns='jabber:client'/></a>",
    "<a><f xmlns='u'><g/></f><b xmlns='jabber:client'/></a>",
    "<a\tb='1'/>",
    "<a b='1\n'/>",
    '<a>]]</a>',
  ])('hands over %s', stanza => expect(counts(stanza)).toEqual([0, 1]))

  test('decides the same however the stanza is cut', () => {
    const differing: unknown[] = []
    for (const stanza of [...scannedStanzas, ...handedOverStanzas]) {
      const bytes = bytesOf(stanza)
      const [scanned, handedOver] = counts(stanza)
      for (let cut = 1; cut < bytes.length; cut++) {
        const reader = tcpReader()
        readAll(reader, [bytesOf(clientHeader), bytes.subarray(0, cut), bytes.subarray(cut)])
        if (reader.scanned !== scanned || reader.handovers !== handedOver) differing.push([stanza, cut])
      }
    }
    expect(differing).toEqual([])
  })
})

describe('cost', () => {
  test('the cutter looks at each byte a bounded number of times', () => {
    const bytes = bytesOf(`<a b='${'c'.repeat(20_000)}'>${'<d>e</d>'.repeat(2_000)}${'é&amp;'.repeat(500)}</a>`)
    let looks = 0
    const counted = new Proxy(bytes, {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) looks++
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const cutter = new Cutter('element', DEFAULT_LIMITS)
    let early = 0
    for (let end = 1; end < bytes.length; end++) if (cutter.advance(counted, 0, end) >= 0) early++
    expect(early).toBe(0)
    expect(cutter.advance(counted, 0, bytes.length)).toBe(bytes.length)
    expect(looks).toBeLessThan(3 * bytes.length)
  })

  test('a straddling element is copied a bounded number of times', async () => {
    const { tcpReader } = await import('./tcp-reader.ts')
    const bytes = bytesOf(`<a b='${'c'.repeat(131_072)}'/>`)
    const set = vi.spyOn(Uint8Array.prototype, 'set')
    const reader = tcpReader()
    reader.push(bytesOf(clientHeader))
    reader.next()
    for (const piece of pieces(bytes, 1)) {
      reader.push(piece)
      reader.next()
    }
    const copied = set.mock.calls.reduce((sum, [source]) => sum + source.length, 0)
    set.mockRestore()
    expect(reader.scanned).toBe(1)
    expect(copied).toBeLessThan(4 * bytes.length)
  })
})
