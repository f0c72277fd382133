import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { clientHeader, handedOverStanzas, scannedStanzas, serverHeader } from '../bench/corpus.ts'
import { Cutter } from './cutter.ts'
import { accepted, el, headers, notUtf8, refused } from '../fuzz/golden.table.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { ReaderOptions, StreamEvent, StreamReader } from './reader.ts'

const STREAMS = 'http://etherx.jabber.org/streams'
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
// Node's sockets give buffers; browsers have none.
const onNode = typeof Buffer === 'function'
const owned = (bytes: Uint8Array): Uint8Array => (onNode ? Buffer.from(bytes) : bytes.slice())

/** What a stream gave, white space merged: the cut of the stream decides how many events a run of it is. */
function readAll(reader: StreamReader, chunks: Iterable<Uint8Array>): unknown[] {
  const events: unknown[] = []
  try {
    for (const chunk of chunks) {
      const lent = owned(chunk)
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

afterAll(() => (onNode ? vi.doUnmock('#platform') : undefined))

// A browser has the web one anyway.
describe.each(onNode ? ['node', 'web'] : ['web'])('on the platform file %s', platform => {
  describe.each(['scan', 'sax'] as const)('framing %s', async framing => {
    if (onNode) {
      vi.resetModules()
      vi.doMock('#platform', () => import(`./platform/${platform}.ts`))
    }
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

    test('every stanza of the corpus reads the same cut at every byte', { timeout: 60_000 }, () => {
      const differing: unknown[] = []
      const reader = tcpReader({ framing })
      readAll(reader, [bytesOf(clientHeader)])
      for (const stanza of [...scannedStanzas, ...handedOverStanzas]) {
        const bytes = bytesOf(stanza)
        const whole = JSON.stringify(readAll(reader, [bytes]))
        for (let cut = 1; cut < bytes.length; cut++) {
          const events = readAll(reader, [bytes.subarray(0, cut), bytes.subarray(cut)])
          if (JSON.stringify(events) !== whole) differing.push([stanza, cut])
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

    test('arbitrary bytes give events or an XmlError, nothing else', { timeout: 60_000 }, () => {
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

    test('hostile input costs no more than its bytes (STR-25)', { timeout: 60_000 }, () => {
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

    test('white space before the header of a restarted stream is passed over, in any cut', () => {
      const bytes = bytesOf(`\n \r\n${clientHeader}`)
      for (const size of [1, 2, 7, bytes.length]) {
        const reader = tcpReader({ framing })
        readAll(reader, [bytesOf(clientHeader)])
        reader.restart()
        expect(readAll(reader, pieces(bytes, size)).at(-1)).toMatchObject({ prefix: 'stream' })
      }
      expect(readAll(tcpReader({ framing }), [bytes])).toEqual(['restricted-xml'])
    })

    test('restart reads anew what had come of the next header', () => {
      const reader = tcpReader({ framing })
      reader.push(bytesOf(clientHeader + '<a/>' + clientHeader.slice(21, 40)))
      while (reader.next() !== undefined);
      reader.restart()
      expect(reader.pendingBytes).toBe(19)
      reader.push(bytesOf(clientHeader.slice(40)))
      expect(reader.next()?.kind).toBe('open')
    })

    test.each([
      ['what a socket gives', (text: string): Uint8Array => owned(bytesOf(text))],
      ['Uint8Array', bytesOf],
    ])('keep copies what is unread; later chunks queue behind it: %s', (_, make) => {
      const reader = tcpReader({ framing })
      const chunk = make(clientHeader + '<a/><b>1</b><c')
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

  test('decides the same however the stanza is cut', { timeout: 60_000 }, () => {
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

  test('a straddling element is copied a bounded number of times', { timeout: 60_000 }, async () => {
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
