import { expect, test } from 'vitest'
import { KNOWN } from './known.table.ts'
import { known } from './scan-names.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

test('every common name has its one string: no two of them share a slot', () => {
  expect(KNOWN.filter(name => known(bytesOf(name), 0, name.length) !== name)).toEqual([])
})

test.each(['b', 'tO', 'bodies', 'urn:xmpp:sid:1', 'jabber:clienT'])('%s is not common', name => {
  expect(known(bytesOf(name), 0, name.length)).toBeUndefined()
})

test('a name is found inside other bytes', () => {
  expect(known(bytesOf('<message/>'), 1, 8)).toBe('message')
})
