import { expect, test } from 'vitest'
import {
  isErrorType,
  saslCondition,
  saslConditions,
  stanzaCondition,
  stanzaConditions,
  streamCondition,
  streamConditions,
} from './conditions.ts'

test('all conditions are there: 22 of stanzas, 25 of streams, 11 of SASL (RFC 6120 §8.3.3, §4.9.3, §6.5)', () => {
  expect(Object.keys(stanzaConditions)).toHaveLength(22)
  expect(streamConditions).toHaveLength(25)
  expect(saslConditions).toHaveLength(11)
})

test('a known condition is itself', () => {
  for (const name of Object.keys(stanzaConditions)) expect(stanzaCondition(name)).toBe(name)
  for (const name of streamConditions) expect(streamCondition(name)).toBe(name)
  for (const name of saslConditions) expect(saslCondition(name)).toBe(name)
})

test.each(['', 'payment-required', 'Bad-Request', 'constructor', '__proto__'])(
  'the unknown condition %j is undefined, for SASL not authorized (RFC 6120 §4.9.2, §6.5, §8.3.2)',
  name => {
    expect(stanzaCondition(name)).toBe('undefined-condition')
    expect(streamCondition(name)).toBe('undefined-condition')
    expect(saslCondition(name)).toBe('not-authorized')
  },
)

test('the five error types, no other (RFC 6120 §8.3.2)', () => {
  expect(['auth', 'cancel', 'continue', 'modify', 'wait'].every(isErrorType)).toBe(true)
  expect(['', 'error', 'toString'].some(isErrorType)).toBe(false)
})
