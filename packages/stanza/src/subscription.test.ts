import { expect, test } from 'vitest'
import {
  type SubscriptionState,
  type SubscriptionType,
  factsOf,
  hasFrom,
  hasTo,
  isSubscriptionType,
  stateOf,
  stepInbound,
  stepOutbound,
} from './subscription.ts'

// Rows as in RFC 6121: the existing state, then for each type yes or no (routed, delivered) and the new state, `=` for none.
const order = ['none', 'none+out', 'none+in', 'none+out+in', 'to', 'to+in', 'from', 'from+out', 'both'] as const

const tables: readonly [table: string, way: 'outbound' | 'inbound', type: SubscriptionType, cells: string][] = [
  ['2', 'outbound', 'subscribe', '+none+out +=  +none+out+in += += += +from+out += +='],
  ['3', 'outbound', 'unsubscribe', '+= +none += +none+in +none +none+in += +from +from'],
  ['4', 'outbound', 'subscribed', '-= -= +from +from+out -= +both -= -= -='],
  ['5', 'outbound', 'unsubscribed', '-= -= +none +none+out -= +to +none +none+out +to'],
  ['6', 'inbound', 'subscribe', '+none+in +none+out+in -= -= +to+in -= -= -= -='],
  ['7', 'inbound', 'unsubscribe', '-= -= +none +none+out -= +to +none +none+out +to'],
  ['8', 'inbound', 'subscribed', '-= +to -= +to+in -= -= -= +both -='],
  ['9', 'inbound', 'unsubscribed', '-= +none -= +none+in +none +none+in -= +from +from'],
]

const cells = tables.flatMap(([table, way, type, row]) =>
  row.split(/ +/).map((cell, i) => {
    const state = order[i]!
    const next = (cell.slice(1) === '=' ? state : cell.slice(1)) as SubscriptionState
    return [table, way, type, state, cell.startsWith('+'), next] as const
  }),
)

test('there are 72 cells', () => expect(cells).toHaveLength(72))

test.each(cells)('table %s: %s %s in state %s (RFC 6121 §A.2, §A.3)', (_, way, type, state, handled, next) => {
  if (way === 'outbound') {
    expect(stepOutbound(type, state)).toMatchObject({ route: handled, state: next })
  } else {
    expect(stepInbound(type, state)).toMatchObject({ deliver: handled, state: next, approved: false })
  }
})

test.each([
  ['subscribe', ['from', 'from+out', 'both'], 'subscribed'],
  ['unsubscribe', ['none+in', 'none+out+in', 'to+in', 'from', 'from+out', 'both'], 'unsubscribed'],
  ['subscribed', [], undefined],
  ['unsubscribed', [], undefined],
] as const)(
  'inbound %s is answered by the server in the states %j (RFC 6121 §A.3.1, §A.3.2)',
  (type, states, reply) => {
    const answered: readonly SubscriptionState[] = states
    for (const state of order) expect(stepInbound(type, state).reply).toBe(answered.includes(state) ? reply : undefined)
  },
)

test('outbound subscribed approves in advance where nobody asked and nobody is subscribed (RFC 6121 §3.4.2)', () => {
  for (const state of order) {
    const early = state === 'none' || state === 'none+out' || state === 'to'
    expect(stepOutbound('subscribed', state).approved).toBe(early)
  }
})

test('outbound unsubscribed takes an approval back, unsubscribe and subscribe do not (RFC 6121 §3.2.2)', () => {
  expect(stepOutbound('unsubscribed', 'none', true)).toEqual({ route: false, state: 'none', approved: false })
  expect(stepOutbound('unsubscribe', 'to', true)).toEqual({ route: true, state: 'none', approved: true })
  expect(stepOutbound('subscribe', 'none', true)).toEqual({ route: true, state: 'none+out', approved: true })
})

test.each([
  ['none', 'from'],
  ['none+out', 'from+out'],
  ['to', 'both'],
] as const)(
  'an approved request in state %s is granted, not delivered, and uses the approval up (RFC 6121 §3.4.2)',
  (state, next) => {
    expect(stepInbound('subscribe', state, true)).toEqual({
      deliver: false,
      state: next,
      approved: false,
      reply: 'subscribed',
    })
  },
)

test('inbound unsubscribe does not touch an approval (RFC 6121 §3.4.2)', () => {
  expect(stepInbound('unsubscribe', 'none', true).approved).toBe(true)
})

test('a state and its facts are the same thing (RFC 6121 §A.1)', () => {
  for (const state of order) {
    expect(stateOf(factsOf(state))).toBe(state)
    const { subscription } = factsOf(state)
    expect(hasFrom(state)).toBe(subscription === 'from' || subscription === 'both')
    expect(hasTo(state)).toBe(subscription === 'to' || subscription === 'both')
  }
  expect(stateOf({ subscription: 'both', pendingOut: true, pendingIn: true })).toBe('both')
})

test('four types of presence manage subscriptions (RFC 6121 §3)', () => {
  expect(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'].every(isSubscriptionType)).toBe(true)
  expect([undefined, '', 'unavailable', 'probe', 'error'].some(isSubscriptionType)).toBe(false)
})
