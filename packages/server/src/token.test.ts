import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BareJid } from '@tercet/jid'
import { elementsOf } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture } from './fixture.ts'
import { invites } from './modules/index.ts'
import { Slots } from './modules/upload/slots.ts'
import { child, opened, succeeds, tokenOf } from './sasl2.fixture.ts'
import { newToken } from './token.ts'

/** Bits of a token that was drawn from 64 letters. */
const bitsOf = (token: string): number => {
  expect(token).toMatch(/^[\w-]+$/)
  return token.length * 6
}

test('a token has 132 bits, every letter comes up, and none comes twice', () => {
  const tokens = Array.from({ length: 5000 }, () => newToken())
  expect(bitsOf(tokens[0]!)).toBe(132)
  expect(new Set(tokens).size).toBe(5000)
  const letters = new Map<string, number>()
  for (const letter of tokens.join('')) letters.set(letter, (letters.get(letter) ?? 0) + 1)
  expect(letters.size).toBe(64)
  // 110,000 letters: 1,719 of each, give or take 41; this is ten times as far.
  for (const count of letters.values()) expect(Math.abs(count - 110_000 / 64)).toBeLessThan(420)
})

test('SEC-02: whatever lets somebody in has 128 bits or more', async () => {
  await using fixture = await startFixture()
  const client = fixture.connect()
  await client.open('a.test')
  const secured = await opened(fixture)
  const enable = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"
  const enabled = elementsOf(child(await succeeds(secured, { more: enable }), 'bound')!)[0]!
  const streams = [...fixture.server.sessions()].map(({ streamId }) => streamId)
  const host = fixture.server.hosts.get('a.test')!
  const unit = fixture.server.storage.unit()
  const { token: invite } = await host.services.get(invites).create({ account: true }, { unit })
  unit.abandon()
  const turn = fixture.server.turn()
  const account = BareJid.parse('romeo@a.test')
  const file = { account, name: 'n', type: 't', isTyped: false, size: 1, at: Date.now(), expires: Infinity }
  const slot = new Slots(host, 1000).add(file, turn)
  turn.release()
  const all = [enabled.attributes['id'], await tokenOf(fixture), ...streams, invite, slot]
  expect(all).toHaveLength(5)
  for (const token of all) expect(bitsOf(token ?? '')).toBeGreaterThanOrEqual(128)
})

test.each([
  'packages/server/src/token.ts',
  'packages/server/src/guests.ts',
  'packages/net/src/bosh/acceptor.ts',
  'packages/stream/src/receiver.ts',
  'packages/sasl/src/scram-keys.ts',
  'packages/sasl/src/platform/web.ts',
  'packages/sasl/src/platform/node.ts',
  'packages/stream/src/random-id.ts',
  'packages/s2s/src/gateway.ts',
  'apps/server/src/invite/routes.ts',
  'apps/server/src/federation/secret.ts',
])('SEC-02: what lets somebody in is drawn from a generator that nobody foresees: %s', path => {
  const text = readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')
  expect(text).toMatch(/getRandomValues|randomBytes|randomFillSync|randomUUID|randomId/)
  expect(text).not.toContain('Math.random')
})
