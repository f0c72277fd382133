import { Jid } from '@tercet/jid'
import { Element, readStanza, write } from '@tercet/xml'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type EdgeOptions, fromElement, fromFragment, toElement } from './edge.ts'
import { iq } from './iq.ts'
import { message } from './message.ts'
import { errorReply, errorReplyTo, resultOf } from './reply.ts'
import { StanzaError } from './stanza-error.ts'
import { writeStanza } from './write.ts'

const romeo = Jid.parse('romeo@montague.lit/orchard')
const at = (xml: string, options?: EdgeOptions) => fromFragment(readStanza(xml), options)
const refused = (xml: string, options?: EdgeOptions): StanzaError => {
  try {
    at(xml, options)
  } catch (error) {
    if (error instanceof StanzaError) return error
    throw error
  }
  throw new Error('Not refused')
}

test.each([
  [
    'message, no type (RFC 6121 §5.2.2)',
    '<message/>',
    { kind: 'message', type: 'normal', to: undefined, id: undefined },
  ],
  ['message, unknown type', "<message type='loud'/>", { type: 'normal' }],
  ['message, chat', "<message type='chat' id='m1'/>", { type: 'chat', id: 'm1' }],
  ['presence, available', '<presence/>', { kind: 'presence', type: undefined }],
  ['presence, probe', "<presence type='probe'/>", { type: 'probe' }],
  ['iq, get', "<iq type='get' id='1'><q xmlns='a:b'/></iq>", { kind: 'iq', type: 'get', id: '1' }],
  ['iq, empty result', "<iq type='result' id='1'/>", { type: 'result' }],
  ['iq, empty id', "<iq type='result' id=''/>", { id: '' }],
  ['language', "<message xml:lang='de'/>", { lang: 'de' }],
  ['other attributes are kept', "<message x='1' y='2'/>", { extra: ['x', '1', 'y', '2'] }],
])('%s', (_, xml, parts) => expect(at(xml)).toMatchObject(parts))

test('addresses are parsed once; from is replaced whatever the peer wrote (RFC 6120 §8.1.2.1)', () => {
  const stanza = at("<message to='JULIET@Capulet.lit' from='mallory@x/y'/>", { from: romeo })
  expect(stanza.to?.text).toBe('juliet@capulet.lit')
  expect(stanza.from).toBe(romeo)
  expect(at("<message from='a@b'/>").from?.text).toBe('a@b')
  expect(at("<message from='@'/>", { from: romeo }).from).toBe(romeo)
})

test('a stanza without language or address gets those of the stream; its own stay (RFC 6120 §4.7.4, §8.1.5)', () => {
  const options = { lang: 'en', defaultTo: romeo.bare }
  expect(at('<message/>', options)).toMatchObject({ lang: 'en', to: romeo.bare })
  expect(at("<message xml:lang='fr' to='a@b'/>", options)).toMatchObject({ lang: 'fr', to: { text: 'a@b' } })
})

test.each([
  ['malformed to (RFC 6120 §8.3.3.8)', "<message to='@capulet.lit'/>", 'jid-malformed', 'modify'],
  ['empty to', "<message to=''/>", 'jid-malformed', 'modify'],
  ['malformed from, not replaced', "<message from='a@/b'/>", 'jid-malformed', 'modify'],
  ['presence of an unknown type (RFC 6121 §4.7.1)', "<presence type='available'/>", 'bad-request', 'modify'],
  ['presence of an empty type', "<presence type=''/>", 'bad-request', 'modify'],
  ['iq without type (RFC 6120 §8.2.3)', "<iq id='1'><q xmlns='a:b'/></iq>", 'bad-request', 'modify'],
  ['iq of an unknown type', "<iq id='1' type='fetch'><q xmlns='a:b'/></iq>", 'bad-request', 'modify'],
  ['iq without id', "<iq type='get'><q xmlns='a:b'/></iq>", 'bad-request', 'modify'],
  ['get without payload', "<iq type='get' id='1'/>", 'bad-request', 'modify'],
  ['get with text alone', "<iq type='get' id='1'>hello</iq>", 'bad-request', 'modify'],
  ['set with two payloads', "<iq type='set' id='1'><q xmlns='a:b'/><q xmlns='a:b'/></iq>", 'bad-request', 'modify'],
  ['not a stanza', "<presence xmlns='urn:x'/>", 'bad-request', 'modify'],
  ['a nonza', "<r xmlns='urn:xmpp:sm:3'/>", 'bad-request', 'modify'],
])('refused: %s', (_, xml, condition, type) => expect(refused(xml)).toMatchObject({ condition, type }))

test.each([
  ["<message to='@x' id='m'/>", "<message to='romeo@montague.lit/orchard' id='m' type='error'>"],
  ["<presence type='x' to='a@b'/>", "<presence to='romeo@montague.lit/orchard' from='a@b' type='error'>"],
  ["<iq type='get'/>", "<iq to='romeo@montague.lit/orchard' type='error'>"],
])('what was refused is answered: %s (RFC 6120 §8.3.1)', (xml, start) => {
  const reply = errorReplyTo(readStanza(xml), refused(xml), romeo)
  expect(writeStanza(reply!).startsWith(start)).toBe(true)
})

test.each([
  "<message type='error' to='@'/>",
  "<iq type='result'/>",
  "<iq type='error' to='@' id='1'/>",
  "<x xmlns='a:b'/>",
])('never answered: %s (RFC 6120 §8.3.1)', xml =>
  expect(errorReplyTo(readStanza(xml), refused(xml), romeo)).toBeUndefined(),
)

test('an error reply swaps the addresses, keeps the id and has one condition (RFC 6120 §8.3.1)', () => {
  const stanza = at("<message to='juliet@capulet.lit' id='m1' xml:lang='en'><body>Hist!</body></message>", {
    from: romeo,
  })
  const reply = errorReply(stanza, new StanzaError('service-unavailable'))
  expect(writeStanza(reply!)).toBe(
    "<message to='romeo@montague.lit/orchard' from='juliet@capulet.lit' id='m1' type='error'>" +
      "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
  )
  expect(errorReply(reply!, new StanzaError('conflict'))).toBeUndefined()
})

test('a result is never refused; a request is answered with its id (RFC 6120 §8.2.3)', () => {
  const request = at("<iq type='get' id='7' to='capulet.lit'><q xmlns='a:b'/></iq>", { from: romeo })
  if (request.kind !== 'iq') throw new Error('An iq')
  const result = resultOf(request)
  expect(writeStanza(result)).toBe("<iq to='romeo@montague.lit/orchard' from='capulet.lit' id='7' type='result'/>")
  expect(errorReply(result, new StanzaError('bad-request'))).toBeUndefined()
})

test.each([
  "<message to='a@b' from='c@d/e' id='1' type='chat' xml:lang='en' x='&lt;&apos;'><body>a &amp; b</body></message>",
  "<presence type='unavailable'/>",
  "<presence><show>away</show><x xmlns='urn:y'><z/></x></presence>",
  "<iq to='a@b/&quot;' id='' type='result'/>",
])('written as it was read: %s', xml => {
  expect(writeStanza(at(xml))).toBe(xml)
  expect(write(toElement(at(xml)))).toBe(xml)
  expect(writeStanza(fromElement(toElement(at(xml))))).toBe(xml)
})

test('a WebSocket frame declares the content namespace (RFC 7395 §3.3.3)', () => {
  expect(writeStanza(at('<presence/>'), 'jabber:client')).toBe("<presence xmlns='jabber:client'/>")
})

test('an attribute in a namespace is written with a prefix of its own', () => {
  const xml = "<message p:x='1' xmlns:p='urn:p'/>"
  expect(at(writeStanza(at(xml))).extra).toEqual(['{urn:p}x', '1'])
})

test('no element makes the edge throw anything but a StanzaError', () => {
  const key = fc.constantFrom('to', 'from', 'id', 'type', 'xml:lang', 'xmlns', '__proto__', 'constructor')
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a@b', 'get', 'error', '', 'valueOf'))
  const element = fc
    .tuple(fc.constantFrom('message', 'presence', 'iq', 'x'), fc.array(fc.tuple(key, value)), fc.boolean())
    .map(
      ([name, attrs, full]) => new Element(name, 'jabber:client', attrs.flat(), full ? [new Element('q', 'a:b')] : []),
    )
  fc.assert(
    fc.property(element, one => {
      try {
        fromElement(one)
      } catch (error) {
        expect(error).toBeInstanceOf(StanzaError)
      }
    }),
  )
})

test('whatever a stanza says, its text is read as the same stanza: nothing is injected (RFC 6120 §11.3)', () => {
  const legal = fc
    .oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom("'/><x y='", '&amp;', '<!--', ']]>', '\n\t\r', '\u{1f319}'))
    .filter(text => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) && text.isWellFormed())
  const stanzas = fc.tuple(legal, legal, legal, fc.boolean()).map(([id, body, value, full]) =>
    full
      ? message({ id, to: romeo, lang: value, type: 'chat', body })
      : iq({
          id,
          from: romeo,
          type: 'set',
          payload: new Element('q', 'urn:q', ['v', value], body === '' ? [] : [body]),
        }),
  )
  fc.assert(
    fc.property(stanzas, stanza => {
      const read = at(writeStanza(stanza))
      const { kind, type, to, from, id, lang, extra } = stanza
      expect(read).toMatchObject({ kind, type, to, from, id, lang, extra })
      expect(read.content.elements()).toEqual(stanza.content.elements())
    }),
  )
})
