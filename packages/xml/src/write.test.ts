import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Element } from './element.ts'
import { escapeAttr, escapeText } from './escape.ts'
import { closeTag, openTag, writeFirstLevel } from './framing.ts'
import { STREAMS } from './ns.ts'
import { readStanza } from './parse.ts'
import { tcpReader } from './tcp-reader.ts'
import { websocketReader } from './websocket-reader.ts'
import { write } from './write.ts'

const C = 'jabber:client'

describe('escaping (XML 1.0 §2.4, §3.3.3; SEC-08)', () => {
  test.each([
    ['', ''],
    ['plain é 🌹', 'plain é 🌹'],
    ['<a>&"\'', '&lt;a&gt;&amp;"\''],
    ['\r\n\t', '&#13;\n\t'],
    [']]>', ']]&gt;'],
  ])('text %j', (raw, written) => expect(escapeText(raw)).toBe(written))

  test.each([
    ['', ''],
    ['plain é 🌹', 'plain é 🌹'],
    ['<a>&"\'', '&lt;a&gt;&amp;&quot;&apos;'],
    ['\r\n\t', '&#13;&#10;&#9;'],
  ])('value %j', (raw, written) => expect(escapeAttr(raw)).toBe(written))

  test.each(['\0', 'a\x01', '\x0b', '\x1f', '\ufffe', '\uffff', '\ud800', '\udc00a', '🌹\ud83c'])(
    'refuses %j',
    forbidden => {
      expect(() => escapeText(forbidden)).toThrow(TypeError)
      expect(() => escapeAttr(forbidden)).toThrow(TypeError)
    },
  )
})

describe('write', () => {
  test.each([
    ['an element in the namespace in scope has no xmlns', new Element('a', C), '<a/>'],
    ['another namespace is declared', new Element('a', 'u'), "<a xmlns='u'/>"],
    ['children inherit', new Element('a', 'u', [], [new Element('b', 'u')]), "<a xmlns='u'><b/></a>"],
    ['no namespace is declared too', new Element('a', C, [], [new Element('b', '')]), "<a><b xmlns=''/></a>"],
    [
      'the content namespace below a foreign element (XEP-0297 §3.2)',
      new Element('f', 'u', [], [new Element('message', C)]),
      "<f xmlns='u'><message xmlns='jabber:client'/></f>",
    ],
    ['attributes', new Element('a', C, ['b', "'<", 'xml:lang', 'de']), "<a b='&apos;&lt;' xml:lang='de'/>"],
    [
      'an attribute in a namespace',
      new Element('a', C, ['b', '1', '{u&}b', '2']),
      "<a b='1' xmlns:a1='u&amp;' a1:b='2'/>",
    ],
    [
      'an element in the namespace of xml:',
      new Element('a', 'http://www.w3.org/XML/1998/namespace', [], [new Element('b', C)]),
      '<xml:a><b/></xml:a>',
    ],
    ['text', new Element('a', C, [], ['<', new Element('b', C), '&']), '<a>&lt;<b/>&amp;</a>'],
    ['names beyond ASCII', new Element('é', C, ['ü', '']), "<é ü=''/>"],
  ])('%s', (_, element, text) => expect(write(element)).toBe(text))

  test('with no namespace in scope the content namespace is declared (RFC 7395 §3.3.3)', () => {
    expect(write(new Element('message', C, [], [new Element('body', C)]), '')).toBe(
      "<message xmlns='jabber:client'><body/></message>",
    )
  })

  test.each(['', 'a b', 'a>', '1a', 'a:b', "a'", '-a', 'a\u0000', 'a/'])(
    'refuses %j as a name: nothing can be injected',
    name => {
      expect(() => write(new Element(name, C))).toThrow(TypeError)
      expect(() => write(new Element('a', C, [name, '']))).toThrow(TypeError)
    },
  )

  test.each(['xmlns', 'xmlns:a', '{}a', '{u}', '{u}a b', 'u}a', 'xml:', 'xml:a b'])(
    'refuses %j as the name of an attribute',
    name => {
      expect(() => write(new Element('a', C, [name, '']))).toThrow(TypeError)
    },
  )

  test('what is written reads as it was, or is refused by the writer (SEC-08)', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anyElement(), value => {
        const root = new Element('message', C, [], [value])
        let written: string
        try {
          written = write(root)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(join(readStanza(written).toElement())).toEqual(join(root))
      }),
      { numRuns: 1000 },
    )
  })
})

test.each(['jabber:client', 'jabber:server'])(
  'what is written reads as it was in a WebSocket message whose stanzas are in %s, and in no other (XEP-0468 §2)',
  { timeout: 60_000 },
  contentNs => {
    fc.assert(
      fc.property(anyElement(), value => {
        const root = new Element('message', C, [], [value])
        let text: string
        try {
          text = write(root).replace('<message', `<message xmlns='${contentNs}'`)
        } catch {
          return
        }
        const read = (readerNs: string): unknown => {
          const reader = websocketReader(undefined, readerNs)
          for (const it of [openTag({ framing: 'websocket', contentNs: readerNs }), text])
            reader.push(new TextEncoder().encode(it))
          expect(reader.next()).toMatchObject({ kind: 'open', header: { contentNs: readerNs } })
          const event = reader.next()
          return event?.kind === 'element' ? join(event.element.toElement()) : event
        }
        expect(read(contentNs)).toEqual(join(root))
        expect(() => read(contentNs === C ? 'jabber:server' : C)).toThrow('not the stream’s')
      }),
      { numRuns: 300 },
    )
  },
)

/** Elements with whatever a stranger may put into them. */
function anyElement(): fc.Arbitrary<Element> {
  const name = fc.constantFrom('a', 'message', '__proto__', 'hasOwnProperty', 'é', 'x-1.y')
  const ns = fc.constantFrom(C, 'u', 'urn:xmpp:delay', "'<&>\n", STREAMS, '__proto__')
  const text = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
    fc.constantFrom('\r\n', ']]>', '&lt;', '\'"\t'),
  )
  const attr = fc.tuple(fc.constantFrom('a', 'b', 'xml:lang', '{u}a', '{v}a', '__proto__'), text)
  const attrs = fc.uniqueArray(attr, { selector: ([key]) => key, maxLength: 4 }).map(pairs => pairs.flat())
  const { element } = fc.letrec<{ element: Element }>(tie => ({
    element: fc
      .tuple(name, ns, attrs, fc.array(fc.oneof({ depthSize: 'small' }, text, tie('element')), { maxLength: 3 }))
      .map(([n, s, a, c]) => new Element(n, s, a, c)),
  }))
  return element
}

/** Adjacent character data is one on the wire. */
function join(element: Element): unknown {
  const children: unknown[] = []
  for (const child of element.children) {
    if (typeof child !== 'string') children.push(join(child))
    else if (typeof children.at(-1) === 'string') children.push((children.pop() as string) + child)
    else children.push(child)
  }
  const { name, ns, attrs } = element
  return { name, ns, attrs, children }
}

describe('framing', () => {
  const read = (text: string, websocket = false): unknown => {
    const reader = websocket ? websocketReader() : tcpReader()
    reader.push(new TextEncoder().encode(text))
    return reader.next()
  }

  test('a header on TCP (RFC 6120 §4.7)', () => {
    const text = openTag({
      framing: 'tcp',
      contentNs: 'jabber:server',
      attrs: ['to', "a'b", 'version', '1.0', 'xml:lang', 'en'],
      namespaces: ['db', 'jabber:server:dialback'],
    })
    expect(text).toBe(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='${STREAMS}' xmlns:db='jabber:server:dialback' to='a&apos;b' version='1.0' xml:lang='en'>`,
    )
    expect(read(text)).toMatchObject({ kind: 'open', header: { contentNs: 'jabber:server', prefix: 'stream' } })
    expect(openTag({ framing: 'tcp', declaration: false })).toBe(
      `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
    )
  })

  test('a header on a WebSocket (RFC 7395 §3.4)', () => {
    const text = openTag({ framing: 'websocket', attrs: ['to', 'a'] })
    expect(text).toBe("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a'/>")
    expect(read(text, true)).toMatchObject({ kind: 'open', header: { attrs: ['to', 'a'] } })
  })

  test('a WebSocket between servers (XEP-0468 §2)', () => {
    const contentNs = 'jabber:server'
    expect(openTag({ framing: 'websocket', contentNs, attrs: ['to', 'a'] })).toBe(
      "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing-server' to='a'/>",
    )
    expect(closeTag('websocket', { contentNs })).toBe("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing-server'/>")
    expect(closeTag('tcp', { contentNs })).toBe('</stream:stream>')
  })

  test('the end (RFC 6120 §4.4, RFC 7395 §3.6)', () => {
    expect(closeTag('tcp')).toBe('</stream:stream>')
    expect(closeTag('websocket')).toBe("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
    expect(read(closeTag('websocket', { seeOtherUri: 'wss://b/&' }), true)).toEqual({
      kind: 'close',
      seeOtherUri: 'wss://b/&',
    })
  })

  test('stream features carry the prefix that older peers compare (RFC 6120 §4.8.5)', () => {
    const features = new Element('features', STREAMS, [], [new Element('bind', 'u')])
    expect(writeFirstLevel(features, 'tcp')).toBe("<stream:features><bind xmlns='u'/></stream:features>")
    expect(writeFirstLevel(features, 'websocket')).toBe(
      `<stream:features xmlns:stream='${STREAMS}'><bind xmlns='u'/></stream:features>`,
    )
    expect(writeFirstLevel(new Element('features', STREAMS), 'tcp')).toBe('<stream:features/>')
  })

  test('a stanza declares its namespace on a WebSocket alone', () => {
    const message = new Element('message', C, [], [new Element('body', C, [], ['a'])])
    expect(writeFirstLevel(message, 'tcp')).toBe('<message><body>a</body></message>')
    expect(writeFirstLevel(message, 'websocket')).toBe("<message xmlns='jabber:client'><body>a</body></message>")
  })

  test('names and values of headers cannot be injected', () => {
    expect(() => openTag({ framing: 'tcp', attrs: ['a b', ''] })).toThrow(TypeError)
    expect(() => openTag({ framing: 'tcp', namespaces: ['a b', 'u'] })).toThrow(TypeError)
    expect(() => writeFirstLevel(new Element('a b', STREAMS), 'tcp')).toThrow(TypeError)
  })
})
