// The grammar of SCRAM messages (RFC 5802 §7): what is read, what is refused, and nothing else ever thrown.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SaslError } from './error.ts'
import {
  decodeName,
  encodeName,
  formatGs2Header,
  parseClientFinal,
  parseClientFirst,
  parseServerFinal,
  parseServerFirst,
} from './scram-messages.ts'

const malformed: unknown = expect.objectContaining({ name: 'SaslError', condition: 'malformed-request' })

describe('SCR-01: client-first (RFC 5802 §5.1, §7)', () => {
  test.each([
    ['no binding', 'n,,n=user,r=abc', { flag: { kind: 'n' }, gs2Header: 'n,,', username: 'user', nonce: 'abc' }],
    ['binding not seen', 'y,,n=user,r=abc', { flag: { kind: 'y' }, gs2Header: 'y,,' }],
    ['binding used', 'p=tls-exporter,,n=u,r=a', { flag: { kind: 'p', type: 'tls-exporter' }, bare: 'n=u,r=a' }],
    ['identity to act as', 'n,a=b@c,n=user,r=abc', { authzid: 'b@c', gs2Header: 'n,a=b@c,' }],
    ['=2C and =3D', 'n,a=x=2Cy,n=a=3Db=2Cc,r=abc', { username: 'a=b,c', authzid: 'x,y' }],
    ['unknown extensions, kept', 'n,,n=user,r=abc,x=1,y=a=b', { bare: 'n=user,r=abc,x=1,y=a=b', nonce: 'abc' }],
    ['names beyond ASCII', 'n,,n=żółw,r=abc', { username: 'żółw' }],
  ])('reads %s', (_, text, message) => expect(parseClientFirst(text)).toMatchObject(message))

  test.each([
    ['nothing', ''],
    ['another flag', 'x,,n=user,r=abc'],
    ['no flag', ',,n=user,r=abc'],
    ['an upper-case flag', 'N,,n=user,r=abc'],
    ['p without a type', 'p=,,n=user,r=abc'],
    ['p with a type that has a blank', 'p=tls exporter,,n=user,r=abc'],
    ['n with a type', 'n=tls-exporter,,n=user,r=abc'],
    ['one comma too few in the header', 'n,n=user,r=abc'],
    ['the non-standard flag of GS2', 'F,n,,n=user,r=abc'],
    ['an empty identity to act as', 'n,a=,n=user,r=abc'],
    ['a mandatory extension', 'n,,m=x,n=user,r=abc'],
    ['a mandatory extension at the end', 'n,,n=user,r=abc,m=x'],
    ['no user name', 'n,,r=abc'],
    ['an empty user name', 'n,,n=,r=abc'],
    ['a bare =', 'n,,n=us=er,r=abc'],
    ['= at the end of the name', 'n,,n=user=,r=abc'],
    ['=2c in lower case', 'n,,n=us=2cer,r=abc'],
    ['NUL in the name', 'n,,n=us\0er,r=abc'],
    ['no nonce', 'n,,n=user'],
    ['an empty nonce', 'n,,n=user,r='],
    ['a nonce with a blank', 'n,,n=user,r=a b'],
    ['a nonce beyond ASCII', 'n,,n=user,r=é'],
    ['a nonce without end', `n,,n=user,r=${'a'.repeat(1025)}`],
    ['the order turned round', 'n,,r=abc,n=user'],
    ['a second nonce', 'n,,n=user,r=abc,r=def'],
    ['an empty extension', 'n,,n=user,r=abc,'],
    ['an extension without value', 'n,,n=user,r=abc,x='],
    ['an extension with two letters', 'n,,n=user,r=abc,xy=1'],
  ])('refuses %s', (_, text) => expect(() => parseClientFirst(text)).toThrow(malformed))
})

describe('SCR-02: server-first (RFC 5802 §7)', () => {
  test('reads nonce, salt, count and the attributes of XEP-0474 and XEP-0515 in any order', () => {
    expect(parseServerFirst('r=abc,s=AAEC,i=4096,t=0304,z=1,h=aGFzaA==')).toEqual({
      nonce: 'abc',
      salt: new Uint8Array([0, 1, 2]),
      iterations: 4096,
      offerHash: 'aGFzaA==',
      tlsVersion: '0304',
    })
  })

  test.each([
    ['nothing', ''],
    ['a mandatory extension', 'm=1,r=abc,s=AAEC,i=4096'],
    ['no salt', 'r=abc,i=4096'],
    ['a salt that is no base64', 'r=abc,s=AAE,i=4096'],
    ['a salt without end', `r=abc,s=${'AAAA'.repeat(400)},i=4096`],
    ['no count', 'r=abc,s=AAEC'],
    ['a count of zero', 'r=abc,s=AAEC,i=0'],
    ['a leading zero', 'r=abc,s=AAEC,i=04096'],
    ['a negative count', 'r=abc,s=AAEC,i=-4096'],
    ['a count in hexadecimal', 'r=abc,s=AAEC,i=0x1000'],
    ['a count with an exponent', 'r=abc,s=AAEC,i=4e3'],
    ['a count past all bounds', 'r=abc,s=AAEC,i=99999999999'],
    ['an error', 'e=other-error'],
  ])('refuses %s', (_, text) => expect(() => parseServerFirst(text)).toThrow(malformed))
})

describe('SCR-03: client-final (RFC 5802 §7)', () => {
  test('reads it and keeps everything before the proof', () => {
    expect(parseClientFinal('c=biws,r=abc,x=1,p=AAEC')).toEqual({
      binding: 'biws',
      nonce: 'abc',
      proof: new Uint8Array([0, 1, 2]),
      withoutProof: 'c=biws,r=abc,x=1',
    })
  })

  test.each([
    ['nothing', ''],
    ['no proof', 'c=biws,r=abc'],
    ['the proof alone', 'p=AAEC'],
    ['a proof that is no base64', 'c=biws,r=abc,p=A'],
    ['a proof that is not last', 'c=biws,p=AAEC,r=abc'],
    ['two proofs', 'c=biws,r=abc,p=AAEC,p=AAEC'],
    ['no binding', 'r=abc,p=AAEC'],
    ['a mandatory extension', 'c=biws,r=abc,m=1,p=AAEC'],
  ])('refuses %s', (_, text) => expect(() => parseClientFinal(text)).toThrow(malformed))
})

test.each([
  ['a verifier', 'v=AAEC,x=1', { verifier: new Uint8Array([0, 1, 2]) }],
  ['an error', 'e=invalid-proof', { error: 'invalid-proof' }],
])('SCR-05: server-final with %s is read (RFC 5802 §7)', (_, text, message) => {
  expect(parseServerFinal(text)).toEqual(message)
})

test.each([[''], ['v='], ['v=A'], ['e='], ['x=1'], ['v=AAEC,m=1'], ['v=AAEC,']])(
  'SCR-05: server-final %j is refused (RFC 5802 §7)',
  text => expect(() => parseServerFinal(text)).toThrow(malformed),
)

test('every parser takes any text and throws only SaslError', () => {
  const attribute = fc.tuple(
    fc.constantFrom(...'anrcsipvemhtx'.split('')),
    fc.string({ unit: fc.constantFrom(...'a0=+/2C3D,\0é'.split('')) }),
  )
  const messageLike = fc
    .tuple(
      fc.constantFrom('', 'n,,', 'y,,', 'p=tls-unique,,', 'n,a=b,'),
      fc.array(attribute.map(pair => pair.join('='))),
    )
    .map(([header, attributes]) => header + attributes.join(','))
  fc.assert(
    fc.property(fc.oneof(messageLike, fc.string({ unit: 'binary' })), text => {
      for (const parse of [parseClientFirst, parseServerFirst, parseClientFinal, parseServerFinal]) {
        try {
          parse(text)
        } catch (error) {
          expect(error).toBeInstanceOf(SaslError)
        }
      }
    }),
    { numRuns: 3000 },
  )
})

test('SCR-01: what a client writes is what a server reads, for every name (RFC 5802 §5.1)', () => {
  const name = fc.string({ unit: 'binary', minLength: 1 }).filter(text => !text.includes('\0'))
  fc.assert(
    fc.property(name, fc.option(name, { nil: undefined }), (username, authzid) => {
      const bare = `n=${encodeName(username)},r=abc`
      const read = parseClientFirst(formatGs2Header({ kind: 'p', type: 'tls-unique' }, authzid) + bare)
      expect(read).toMatchObject({ username, authzid, bare, flag: { kind: 'p', type: 'tls-unique' } })
      expect(decodeName(encodeName(username))).toBe(username)
    }),
  )
})
