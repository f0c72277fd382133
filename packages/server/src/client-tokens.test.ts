import { expect, test } from 'vitest'
import { isGood, issued, takenBack, used, type TokenRow } from './client-tokens.ts'

const MINUTE = 60_000
const now = Date.now()

function token(key: string, state: TokenRow['state'], expiresInMs = MINUTE, issuedAgoMs = 1): TokenRow {
  return { key, state, mechanism: 'HT-SHA-256-NONE', issuedAt: now - issuedAgoMs, expiresAt: now + expiresInMs }
}

const states = (tokens: readonly TokenRow[]) => tokens.map(({ key, state }) => `${key} ${state}`)

test('a current token that is shown again changes nothing', () => {
  const tokens = [token('a', 'current'), token('b', 'old', -1)]
  expect(used(tokens, 'a')).toBe(tokens)
  expect(used(tokens, 'b')).toBe(tokens)
  expect(used(tokens, 'x')).toBe(tokens)
})

test('a new one that is shown takes the place of those that end before it (XEP-0484 §3.5)', () => {
  const tokens = [token('new', 'new', 3 * MINUTE), token('current', 'current', 2 * MINUTE)]
  expect(states(used(tokens, 'new'))).toEqual(['new current', 'current old'])
})

test('the current one may be shown while there is a new one', () => {
  const tokens = [token('new', 'new', 3 * MINUTE), token('current', 'current', 2 * MINUTE)]
  expect(used(tokens, 'current')).toBe(tokens)
})

test('a further one takes the place of a new one that nobody has shown', () => {
  const { state: _, ...further } = token('further', 'new', 4 * MINUTE)
  const tokens = [token('new', 'new', 3 * MINUTE), token('current', 'current', 2 * MINUTE)]
  expect(states(issued(tokens, further))).toEqual(['further new', 'new old', 'current current'])
})

test('of old ones two are remembered, the newest', () => {
  let tokens: readonly TokenRow[] = []
  for (let number = 1; number <= 9; number++) {
    const { state: _, ...next } = token(String(number), 'new', number * MINUTE)
    tokens = used(issued(tokens, next), String(number))
  }
  expect(states(tokens)).toEqual(['9 current', '8 old', '7 old'])
})

test('none that is taken back is good', () => {
  const tokens = takenBack([token('new', 'new'), token('current', 'current')])
  expect(tokens.some(each => isGood(each, 0))).toBe(false)
})

test.each<[string, TokenRow, number, boolean]>([
  ['current', token('a', 'current'), 0, true],
  ['new', token('a', 'new'), 0, true],
  ['old', token('a', 'old'), 0, false],
  ['expired', token('a', 'current', -1), 0, false],
  ['older than the password', token('a', 'current', MINUTE, 100), now - 50, false],
  ['as old as the password', token('a', 'current', MINUTE, 100), now - 100, true],
])('a token that is %s: %#', (_, each, since, good) => {
  expect(isGood(each, since)).toBe(good)
})
