import { Content, Element } from '@tercet/xml'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Codec } from '../codec.ts'
import { DecodeError } from '../decode-error.ts'
import { Message } from '../message.ts'
import type { Query } from '../query.ts'
import { stanzaError } from '../stanza-error.ts'
import { streamError } from '../stream-error.ts'
import * as bind from './bind.ts'
import * as blocking from './blocking.ts'
import * as caps from './caps.ts'
import * as chatStates from './chat-states.ts'
import * as command from './command.ts'
import * as dataForm from './data-form.ts'
import * as delay from './delay.ts'
import * as disco from './disco.ts'
import * as features from './features.ts'
import * as forward from './forward.ts'
import * as hints from './hints.ts'
import * as im from './im.ts'
import * as last from './last.ts'
import * as limits from './limits.ts'
import * as oob from './oob.ts'
import * as ping from './ping.ts'
import * as preauth from './preauth.ts'
import * as privateStorage from './private.ts'
import * as push from './push.ts'
import * as receipts from './receipts.ts'
import * as register from './register.ts'
import * as reporting from './reporting.ts'
import * as roster from './roster.ts'
import * as channelBinding from './sasl-channel-binding.ts'
import * as sasl from './sasl.ts'
import * as session from './session.ts'
import * as sm from './sm.ts'
import * as stanzaId from './stanza-id.ts'
import * as starttls from './starttls.ts'
import * as time from './time.ts'
import * as vcard from './vcard.ts'
import * as version from './version.ts'

const files: readonly object[] = [
  { stanzaError, streamError },
  ...[bind, caps, chatStates, dataForm, delay, disco, features, forward, hints, im, last, limits, oob, ping, receipts],
  ...[register, roster, channelBinding, sasl, session, sm, stanzaId, starttls, time, version],
  ...[privateStorage, vcard, blocking, reporting, command, preauth, push],
]

const isCodec = (value: unknown): value is Codec<unknown> =>
  typeof value === 'object' && value !== null && 'read' in value
const isQuery = (value: unknown): value is Query<unknown, unknown> =>
  typeof value === 'object' && value !== null && 'readResult' in value

const exported = files.flatMap(file => Object.values(file) as unknown[])
const queries = exported.filter(isQuery)
const codecs = [...exported.filter(isCodec), ...queries.map(query => query.request)]

const names = [
  'item',
  'query',
  'value',
  'field',
  'x',
  'group',
  'delay',
  'message',
  'iq',
  'text',
  'option',
  'identity',
  'jid',
  'utc',
]
const attrs = ['jid', 'id', 'by', 'h', 'ver', 'var', 'type', 'stamp', 'seconds', 'xml:lang', '__proto__', 'constructor']
const spaces = [
  'jabber:client',
  'urn:ietf:params:xml:ns:xmpp-stanzas',
  'urn:ietf:params:xml:ns:xmpp-streams',
  'jabber:x:data',
  '',
]
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '=',
    '1',
    '-1',
    'true',
    'a@b',
    'a@b/c',
    '/',
    'form',
    'get',
    'AA==',
    '2002-09-10T23:08:25Z',
    'toString',
  ),
)
const flat = fc.array(fc.tuple(fc.constantFrom(...attrs), texts), { maxLength: 4 }).map(pairs => pairs.flat())

/** A tree under `ns` whose parts often carry the names that codecs look for. */
const trees = (ns: string, name: string): fc.Arbitrary<Element> =>
  fc
    .letrec<{ child: Element | string; element: Element }>(tie => ({
      child: fc.oneof({ depthSize: 'small', withCrossShrink: true }, texts, tie('element')),
      element: fc
        .tuple(
          fc.constantFrom(...names),
          fc.constantFrom(ns, ns, ...spaces),
          flat,
          fc.array(tie('child'), { maxLength: 4 }),
        )
        .map(([one, space, own, children]) => new Element(one, space, own, children)),
    }))
    .element.chain(inner => fc.tuple(flat, fc.constant(inner)))
    .map(([own, inner]) => new Element(name, ns, own, [inner, ...inner.children]))

test('whatever comes in, a codec reads it or throws a DecodeError', () => {
  expect(codecs.length).toBeGreaterThan(55)
  for (const codec of codecs) {
    fc.assert(
      fc.property(trees(codec.ns, codec.name), element => {
        try {
          codec.read(element)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 60 },
    )
  }
})

test('whatever comes back, a query reads it or throws a DecodeError', () => {
  expect(queries.length).toBeGreaterThan(10)
  for (const query of queries) {
    fc.assert(
      fc.property(trees(query.request.ns, query.request.name), element => {
        try {
          query.readResult(Content.of([element]))
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 60 },
    )
  }
})

test('what a codec has read it can write, and reads the same again', () => {
  for (const codec of codecs) {
    if (codec === stanzaError || codec === streamError) continue // Errors carry a stack.
    fc.assert(
      fc.property(trees(codec.ns, codec.name), element => {
        let value: unknown
        try {
          value = codec.read(element)
        } catch {
          return
        }
        expect(codec.read(codec.write(value))).toEqual(value)
      }),
      { numRuns: 60 },
    )
  }
})

test('a stanza around hostile payloads is relayed without reading them', () => {
  const element = new Element('query', 'jabber:iq:roster', ['ver', '\u00e9'], [new Element('item', 'jabber:iq:roster')])
  const stanza = new Message('chat', undefined, undefined, 'm', undefined, [], Content.of([element]))
  expect(stanza.has(roster.query)).toBe(true)
  expect(() => stanza.get(roster.query)).toThrow(DecodeError)
  expect(stanza.with({ id: 'n' }).content).toBe(stanza.content)
})
