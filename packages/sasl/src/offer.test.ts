// What a server offers.
import { expect, test } from 'vitest'
import { bindings } from './fixture.ts'
import { HT_MECHANISMS, MECHANISMS, upgradeTaskName } from './names.ts'
import { offeredFastMechanisms, offeredMechanisms, type OfferOptions } from './offer.ts'

const everything: OfferOptions = {
  secure: true,
  channelBindings: bindings,
  hashes: ['SHA-1', 'SHA-256', 'SHA-512'],
  plain: true,
  external: true,
  anonymous: true,
  bearer: true,
}

test.each<[string, Partial<OfferOptions>, string[]]>([
  ['everything, strongest first', {}, [...MECHANISMS]],
  [
    'SASL-01: nothing before TLS that shows a secret',
    { secure: false },
    ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'ANONYMOUS'],
  ],
  ['SASL-01: EXTERNAL only for a certificate that can be used', { external: false }, MECHANISMS.slice(1)],
  [
    'CB-03: no PLUS where nothing can be bound',
    { channelBindings: [] },
    ['EXTERNAL', 'SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'OAUTHBEARER', 'PLAIN', 'ANONYMOUS'],
  ],
  [
    'CB-03: no PLUS where it is turned off',
    { plus: false, external: false, bearer: false, plain: false, anonymous: false },
    ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'],
  ],
  [
    'SCR-08: the hashes there are keys of',
    { hashes: ['SHA-1'], plain: false, bearer: false, external: false, anonymous: false },
    ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
  ],
])('%s (RFC 6120 §6.3.3, §6.3.4)', (_, options, expected) => {
  expect(offeredMechanisms({ ...everything, ...options })).toEqual(expected)
})

test('nothing is offered that was not asked for', () => expect(offeredMechanisms({ secure: true })).toEqual([]))

test.each([
  ['after TLS, with the bindings of the connection', true, ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-NONE']],
  ['never before it', false, []],
])('tokens are offered %s (XEP-0484 §3.1, §6)', (_, secure, expected) => {
  expect(offeredFastMechanisms({ secure, channelBindings: bindings })).toEqual(expected)
  expect(offeredFastMechanisms({ secure })).toEqual(secure ? ['HT-SHA-256-NONE'] : [])
  expect(HT_MECHANISMS).toContain('HT-SHA-256-UNIQ')
})

test('SCR-08: an upgrade task is named without -PLUS (XEP-0480 §3)', () => {
  expect(upgradeTaskName('SHA-512')).toBe('UPGR-SCRAM-SHA-512')
})
