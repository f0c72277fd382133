import { describe, expect, test } from 'vitest'
import type { StreamReader } from './reader.ts'
import { websocketReader } from './websocket-reader.ts'

const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.example' version='1.0' xml:lang='en'/>"
const CLOSE = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"

function push(reader: StreamReader, text: string): unknown {
  reader.push(new TextEncoder().encode(text))
  try {
    const event = reader.next()
    return event?.kind === 'element' ? event.element.toElement() : event
  } catch (error) {
    return (error as { condition: string }).condition
  }
}

describe.each(['scan', 'sax'] as const)('WebSocket framing %s', framing => {
  function opened(limits = {}): StreamReader {
    const reader = websocketReader({ framing, limits })
    push(reader, OPEN)
    return reader
  }

  test('<open/> is the header (RFC 7395 §3.4)', () => {
    const attrs = ['to', 'a.example', 'version', '1.0', 'xml:lang', 'en']
    expect(push(websocketReader({ framing }), OPEN)).toMatchObject({
      kind: 'open',
      header: { name: 'open', contentNs: 'jabber:client', prefix: '', attrs },
    })
  })

  test.each([
    ['another namespace (RFC 7395 §3.3.2)', "<open xmlns='jabber:client'/>", 'invalid-namespace'],
    ['no namespace', '<open/>', 'invalid-namespace'],
    ['another name', "<opens xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", 'bad-format'],
    [
      'a stream header of TCP',
      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
      'not-well-formed',
    ],
    ['an XML declaration', "<?xml version='1.0'?>" + OPEN, 'restricted-xml'],
    ['an empty message', '', 'not-well-formed'],
  ])('refuses as the first message %s', (_, text, condition) => {
    expect(push(websocketReader({ framing }), text)).toBe(condition)
  })

  test.each([
    ['a stanza', "<message xmlns='jabber:client'><body>é</body></message>", { name: 'message', ns: 'jabber:client' }],
    ['white space after it', "<presence xmlns='jabber:client'/>\n", { name: 'presence' }],
    [
      'features with a prefix (RFC 7395 §3.3.3)',
      "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>",
      { name: 'features', ns: 'http://etherx.jabber.org/streams' },
    ],
    [
      'features without',
      "<features xmlns='http://etherx.jabber.org/streams'/>",
      { name: 'features', ns: 'http://etherx.jabber.org/streams' },
    ],
    ['a nonza', "<r xmlns='urn:xmpp:sm:3'/>", { name: 'r', ns: 'urn:xmpp:sm:3' }],
  ])('reads %s', (_, text, element) => expect(push(opened(), text)).toMatchObject(element))

  test.each([
    ['white space (RFC 7395 §3.8)', ' ', 'not-well-formed'],
    ['white space before an element (RFC 7395 §3.3.3)', " <r xmlns='urn:xmpp:sm:3'/>", 'not-well-formed'],
    ['two elements (RFC 7395 §3.3.3)', "<r xmlns='urn:xmpp:sm:3'/><r xmlns='urn:xmpp:sm:3'/>", 'not-well-formed'],
    ['text behind the element', "<r xmlns='urn:xmpp:sm:3'/>a", 'not-well-formed'],
    ['half an element', "<message xmlns='jabber:client'>", 'not-well-formed'],
    ['an end tag', '</stream:stream>', 'not-well-formed'],
    ['an end tag without a name', "</><a><m xmlns='jabber:client'/>", 'not-well-formed'],
    ['an undeclared prefix', '<stream:features/>', 'not-well-formed'],
    ['no namespace', '<message/>', 'invalid-namespace'],
    ['the namespace of servers', "<message xmlns='jabber:server'/>", 'invalid-namespace'],
    ['a comment', '<!-- a -->', 'restricted-xml'],
    ['a second header', OPEN, 'bad-format'],
    ['too much', `<a xmlns='u'>${'b'.repeat(5000)}</a>`, 'policy-violation'],
  ])('refuses %s', (_, text, condition) => expect(push(opened({ maxBytes: 4000 }), text)).toBe(condition))

  describe('between servers (XEP-0468 §2)', () => {
    const SERVER_OPEN = OPEN.replace('xmpp-framing', 'xmpp-framing-server')
    const between = (): StreamReader => websocketReader({ framing }, 'jabber:server')
    const joined = (): StreamReader => {
      const reader = between()
      push(reader, SERVER_OPEN)
      return reader
    }

    test('<open/> is in a namespace of its own', () => {
      expect(push(between(), SERVER_OPEN)).toMatchObject({ kind: 'open', header: { contentNs: 'jabber:server' } })
      expect(push(between(), OPEN)).toBe('invalid-namespace')
      expect(push(websocketReader({ framing }), SERVER_OPEN)).toBe('invalid-namespace')
    })

    test('stanzas are in jabber:server, which becomes the content namespace', () => {
      const stanza = "<message xmlns='jabber:server'><body>é</body></message>"
      expect(push(joined(), stanza)).toMatchObject({ name: 'message', ns: 'jabber:client' })
      expect(push(joined(), "<a xmlns='urn:xmpp:sm:3' h='1'/>")).toMatchObject({ name: 'a', ns: 'urn:xmpp:sm:3' })
    })

    test.each([
      ['the namespace of clients', "<message xmlns='jabber:client'/>", 'invalid-namespace'],
      ['no namespace', '<message/>', 'invalid-namespace'],
      ['a second header', SERVER_OPEN, 'bad-format'],
    ])('refuses %s', (_, text, condition) => expect(push(joined(), text)).toBe(condition))

    test('<close/> is the end in that namespace alone', () => {
      const close = CLOSE.replace('xmpp-framing', 'xmpp-framing-server')
      expect(push(joined(), close)).toEqual({ kind: 'close' })
      expect(push(joined(), CLOSE)).toMatchObject({ name: 'close', ns: 'urn:ietf:params:xml:ns:xmpp-framing' })
    })
  })

  test('<close/> is the end, perhaps with another address (RFC 7395 §3.6)', () => {
    const reader = opened()
    expect(push(reader, CLOSE)).toEqual({ kind: 'close' })
    expect(push(reader, OPEN)).toBeUndefined()
    const elsewhere = CLOSE.replace('/>', " see-other-uri='wss://b.example/x'/>")
    expect(push(websocketReader({ framing }), elsewhere)).toEqual({ kind: 'close', seeOtherUri: 'wss://b.example/x' })
  })

  test('restart expects <open/> again (RFC 7395 §3.7)', () => {
    const reader = opened()
    reader.restart()
    expect(push(reader, OPEN)).toMatchObject({ kind: 'open' })
  })

  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  test.each([
    // Node's sockets give buffers; browsers have none.
    ['what a socket gives', typeof Buffer === 'function' ? (text: string): Uint8Array => Buffer.from(text) : bytes],
    ['Uint8Array', bytes],
  ])('keep copies unread messages, which stay in order: %s', (_, bytesOf) => {
    const reader = opened()
    const messages = ['a', 'b', 'c'].map(name => bytesOf(`<${name} xmlns='u'/>`))
    for (const message of messages) reader.push(message)
    reader.keep()
    expect(reader.pendingBytes).toBe(42)
    for (const message of messages) message.fill(0)
    expect([0, 1, 2].map(() => reader.next())).toMatchObject([
      { element: { name: 'a' } },
      { element: { name: 'b' } },
      { element: { name: 'c' } },
    ])
    expect(reader.next()).toBeUndefined()
    expect(reader.pendingBytes).toBe(0)
    reader.push(new TextEncoder().encode("<d xmlns='u'/>"))
    reader.restart(true)
    expect(reader.next()).toBeUndefined()
  })
})
