import { createHash } from 'node:crypto'
import { parse } from '@tercet/xml'
import { xml } from '@tercet/xml/template'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { infoResult } from './disco.ts'
import { caps, nodeOf, verificationText } from './ecaps2.ts'

const NS_INFO = 'http://jabber.org/protocol/disco#info'

test('the hashes of the simple example are those that are printed there (XEP-0390 §5.5)', () => {
  const features = [
    'http://jabber.org/protocol/si',
    'http://jabber.org/protocol/bytestreams',
    'http://jabber.org/protocol/chatstates',
    'http://jabber.org/protocol/disco#info',
    'http://jabber.org/protocol/disco#items',
    'urn:xmpp:ping',
    'jabber:iq:time',
    'jabber:iq:privacy',
    'jabber:iq:version',
    'http://jabber.org/protocol/rosterx',
    'urn:xmpp:time',
    'jabber:x:oob',
    'http://jabber.org/protocol/ibb',
    'http://jabber.org/protocol/si/profile/file-transfer',
    'urn:xmpp:receipts',
    'jabber:iq:roster',
    'jabber:iq:last',
  ]
  const identities = [{ category: 'client', type: 'mobile', name: 'BombusMod' }]
  const text = verificationText({ identities, features, forms: [] })!
  const hash = (algorithm: string): string => createHash(algorithm).update(text).digest('base64')
  expect(hash('sha256')).toBe('kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=')
  expect(hash('sha3-256')).toBe('79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=')
})

test.each([
  ['has no form type', "<x xmlns='jabber:x:data' type='result'><field var='os'><value>Mac</value></field></x>"],
  [
    'is a table',
    "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>t</value></field><reported/></x>",
  ],
])('an answer whose form %s has no hash (§5.1)', (_, form) => {
  const query = (content: string): string => `<query xmlns='${NS_INFO}'><feature var='a'/>${content}</query>`
  expect(verificationText(infoResult.read(parse(query(''))))).toBeDefined()
  expect(verificationText(infoResult.read(parse(query(form))))).toBeUndefined()
})

test('different answers have different texts: no part runs into the next (§9.1)', () => {
  const word = fc.string({ maxLength: 3 }).filter(text => !/[\x1c-\x1f]/.test(text))
  const answer = fc.record({
    identities: fc.array(fc.record({ category: word, type: word, name: word }), { maxLength: 2 }),
    features: fc.array(word, { maxLength: 3 }),
  })
  const sorted = (value: { identities: readonly object[]; features: readonly string[] }): string =>
    JSON.stringify([value.identities.map(one => JSON.stringify(one)).sort(), [...value.features].sort()])
  fc.assert(
    fc.property(answer, answer, (a, b) => {
      const same = verificationText({ ...a, forms: [] }) === verificationText({ ...b, forms: [] })
      expect(same).toBe(sorted(a) === sorted(b))
    }),
  )
})

test('the element of §6.4 is read, and the node to ask for is made of its hash', () => {
  const read = caps.read(
    xml`<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>u79Zro=</hash></c>`,
  )
  expect(read).toEqual({ hashes: [{ algo: 'sha-256', value: 'u79Zro=' }] })
  expect(nodeOf('sha-256', 'u79Zro=')).toBe('urn:xmpp:caps#sha-256.u79Zro=')
})
