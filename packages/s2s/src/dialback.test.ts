import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readStanza } from '@tercet/xml'
import { answerText, DialbackKeys, readAnswer, resultRequest, verifyRequest } from './dialback.ts'

const pair = { from: 'a.test', to: 'b.test' }

test('the key of XEP-0185 §3', async () => {
  const keys = new DialbackKeys('s3cr3tf0rd14lb4ck')
  const key = '37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643'
  expect(await keys.key('xmpp.example.com', 'example.org', 'D60000229F')).toBe(key)
  expect(await keys.check(key, 'xmpp.example.com', 'example.org', 'D60000229F')).toBe(true)
})

test.each([
  ['another receiver', 'xmpp.example.net', 'example.org', 'D60000229F'],
  ['another originator', 'xmpp.example.com', 'example.net', 'D60000229F'],
  ['another stream', 'xmpp.example.com', 'example.org', 'D60000229E'],
  ['a border between names that is elsewhere', 'xmpp.example.com example.org', '', 'D60000229F'],
])('a key is for nothing else: %s (XEP-0185 §2)', async (_, receiving, originating, id) => {
  const keys = new DialbackKeys('s3cr3tf0rd14lb4ck')
  const key = await keys.key('xmpp.example.com', 'example.org', 'D60000229F')
  expect(await keys.check(key, receiving, originating, id)).toBe(false)
})

test('without the secret there is no key, and a part of one is none', async () => {
  const [ours, theirs] = [new DialbackKeys('ours'), new DialbackKeys('theirs')]
  const key = await ours.key('b.test', 'a.test', 'i')
  expect(await theirs.check(key, 'b.test', 'a.test', 'i')).toBe(false)
  expect(await ours.check(key.slice(0, -1), 'b.test', 'a.test', 'i')).toBe(false)
  expect(await ours.check('', 'b.test', 'a.test', 'i')).toBe(false)
})

test.each([
  ['valid', 'valid' as const],
  ['invalid', 'invalid' as const],
  ['an error with its condition', { error: 'item-not-found' }],
])('an answer is read as it was meant: %s (XEP-0220 §2.1.2, §2.5)', (_, verification) => {
  const text = answerText('verify', pair, verification, { id: 'x', websocket: true })
  const read = readStanza(text)
  expect(readAnswer(read)).toEqual(verification)
  expect(read).toMatchObject({ name: 'verify', ns: 'jabber:server:dialback' })
  expect([read.attr('from'), read.attr('to'), read.attr('id')]).toEqual(['a.test', 'b.test', 'x'])
})

test.each([
  ["<result xmlns='jabber:server:dialback' from='a' to='b'/>", undefined],
  ["<result xmlns='jabber:server:dialback' from='a' to='b' type='perhaps'/>", undefined],
  ["<result xmlns='jabber:server:dialback' from='a' to='b' type='error'/>", { error: 'undefined-condition' }],
])('what is no answer: %s', (text, expected) => {
  expect(readAnswer(readStanza(text))).toEqual(expected)
})

test('property: nothing in a key or an id breaks out of its place', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (id, key) => {
      const text = verifyRequest(pair, clean(id), clean(key), true)
      const read = readStanza(text)
      expect(read.attr('id')).toBe(clean(id))
      expect(read.content.directText()).toBe(clean(key))
      expect(readStanza(resultRequest(pair, clean(key), true)).content.size).toBe(0)
    }),
  )
})

/** What XML can hold, with the white space that attributes keep. */
function clean(text: string): string {
  return text.replace(/[^ -~]/g, '?')
}
