import { expect, test } from 'vitest'
import { evaluate, fill, toBytes, unescape } from './expression.ts'
import type { ExpressionScope } from './expression.ts'
import { scramFinal } from './scram.ts'
import { stageNames } from './stage-names.ts'

function scope(): ExpressionScope {
  return {
    captures: new Map([['name', 'value']]),
    password: 'pencil',
    toWire: text => stageNames(12).toWire(text),
    counts: { sent: 3, received: 5 },
    scram: undefined,
    offer: { mechanisms: ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'], bindings: ['tls-server-end-point', 'tls-exporter'] },
    channelBinding: () => Buffer.from('binding'),
  }
}

const decoded = (text: string) => Buffer.from(text, 'base64').toString()

test.each([
  ['a remembered name', 'name', 'value'],
  ['counters', 'sent', '3'],
  ['counters', 'handled', '5'],
  ['the handshake of a component', "handshake 3BF96D32 secret='x'", '525247fe395bea82f270b3b420ff1f8bf0c70e5d'],
  ['a repeated text', "times 3 'ab'", 'ababab'],
  ['attributes', 'attributes 2', `a0='' a1=''`],
  ['the hash of an offer (XEP-0474 §6)', 'downgrade-hash', 'G6k/rBLDqgOhRRaCuuatSDFkJ08='],
])('%s: {%s}', (_, expression, expected) => {
  expect(evaluate(expression, scope())).toBe(expected)
})

test.each([
  ['plain romeo', '\0romeo-00c\0pencil'],
  ["plain romeo password='' authzid='romeo@a.test'", 'romeo-00c@a.test\0romeo-00c\0'],
  ["plain juliet@b.test password='a b'", '\0juliet-00c\0a b'],
  ['scram-first romeo', 'n,,n=romeo-00c,r=fyko+d2lbbFgONRv9qkxdawL'],
  ["scram-first ro,me=o gs2='y,,' nonce='x' extra=',e=1'", 'y,,n=ro=2Cme=3Do-00c,r=x,e=1'],
  ["base64 'a\\0b\\x41\\u00e9'", 'a\0bAé'],
])('in base64: {%s}', (expression, expected) => {
  expect(decoded(evaluate(expression, scope()))).toBe(expected)
})

test('what nobody knows is an error in the play', () => {
  expect(() => evaluate('nonsense', scope())).toThrow('nothing is known as {nonsense}')
  expect(() => evaluate('scram-final abc', scope())).toThrow('without {scram-first}')
})

test('an escape in braces is no expression', () => {
  expect(fill('\\u{41} {name}', scope())).toBe('\\u{41} value')
})

test('SCRAM-SHA-1 as in RFC 5802 §5', () => {
  const final = scramFinal({
    hash: 'sha1',
    password: 'pencil',
    clientFirstBare: 'n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    channel: Buffer.from('n,,'),
  })
  expect(final.message).toBe('c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=')
  expect(final.serverSignature).toBe('rmF9pqV8S7suAoZWja4dJRkFsKQ=')
})

test('SCRAM-SHA-256 as in RFC 7677 §3', () => {
  const final = scramFinal({
    hash: 'sha256',
    password: 'pencil',
    clientFirstBare: 'n=user,r=rOprNGfwEbeRWgbNEkqO',
    serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    channel: Buffer.from('n,,'),
  })
  expect(final.message).toContain('p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=')
  expect(final.serverSignature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
})

test.each([
  ['bytes', '\\xC3\\xA9', [0xc3, 0xa9]],
  ['code points', '\\u{1F339}', [0xf0, 0x9f, 0x8c, 0xb9]],
  ['a lone surrogate', '\\u{D83C}', [0xed, 0xa0, 0xbc]],
  ['letters', 'é\\n\\0', [0xc3, 0xa9, 0x0a, 0]],
])('toBytes: %s', (_, text, bytes) => {
  expect([...toBytes(text)]).toEqual(bytes)
})

test('unescape leaves what is no escape', () => {
  expect(unescape('a\\qb\\\\n')).toBe('a\\qb\\n')
})

test.each([
  ['romeo@a.test', 'romeo-00c@a.test'],
  ['ROMEO@A.Test/x and juliet@b.test', 'ROMEO-00c@A.Test/x and juliet-00c@b.test'],
  ['@a.test', '@a.test'],
  ['romeo@x.test', 'romeo@x.test'],
  ['a.test', 'a.test'],
])('stage names: %s is %s on the wire, and back', (play, wire) => {
  const names = stageNames(12)
  expect(names.toWire(play)).toBe(wire)
  expect(names.fromWire(wire)).toBe(play)
})
