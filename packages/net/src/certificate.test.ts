import { X509Certificate, createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aLabels, fingerprint, matchesDomain, presentedNames } from './certificate.ts'
import { tlsServerEndPoint } from './channel-binding.ts'
import { der, derOid, derValues } from './der.ts'
import { selfSigned } from './self-signed.ts'

const SAN = '551d11'
const XMPP_ADDR = '2b06010505070805'
const SRV_NAME = '2b06010505070807'

const dns = (name: string) => der(0x82, Buffer.from(name, 'latin1'))
const xmpp = (name: string) => der(0xa0, derOid(XMPP_ADDR), der(0xa0, der(0x0c, name)))
const srvName = (name: string) => der(0xa0, derOid(SRV_NAME), der(0xa0, der(0x16, name)))
const ip = der(0x87, Uint8Array.of(127, 0, 0, 1))
const uri = der(0x86, 'https://a.test/')

/** The shape of a certificate around these names; the parts that nobody reads are left out. */
function certificate(names: readonly Uint8Array[], algorithm: Uint8Array = derOid('2a8648ce3d040302')): Uint8Array {
  const extension = der(0x30, derOid(SAN), der(0x04, der(0x30, ...names)))
  const subject = der(0x30, der(0x31, der(0x30, derOid('550403'), der(0x0c, 'cn.test'))))
  const body = der(0x30, der(0x02, Uint8Array.of(1)), subject, der(0xa3, der(0x30, extension)))
  return der(0x30, body, der(0x30, algorithm), der(0x03, Uint8Array.of(0)))
}

describe('who a certificate speaks for (RFC 9525 §6, RFC 6120 §13.7)', () => {
  test.each<[string, Uint8Array[], string, boolean]>([
    ['DNS-ID', [dns('a.test')], 'a.test', true],
    ['DNS-ID in capitals', [dns('A.Test')], 'a.test', true],
    ['domain in capitals and with a trailing dot', [dns('a.test')], 'A.TEST.', true],
    ['one of several', [uri, ip, dns('b.test'), dns('a.test')], 'a.test', true],
    ['another DNS-ID', [dns('b.test')], 'a.test', false],
    ['parent domain', [dns('test')], 'a.test', false],
    ['subdomain', [dns('x.a.test')], 'a.test', false],
    ['no name at all', [], 'a.test', false],
    ['the Common Name', [dns('b.test')], 'cn.test', false],
    ['a NUL inside', [dns('a.test\0.evil.test')], 'a.test', false],
    ['a NUL inside, read to the end', [dns('a.test\0')], 'a.test', false],
    ['wildcard, one label', [dns('*.a.test')], 'x.a.test', true],
    ['wildcard, two labels', [dns('*.a.test')], 'y.x.a.test', false],
    ['wildcard, no label', [dns('*.a.test')], 'a.test', false],
    ['wildcard in part of a label', [dns('x*.a.test')], 'xy.a.test', false],
    ['wildcard not left-most', [dns('x.*.test')], 'x.a.test', false],
    ['wildcard twice', [dns('*.*.test')], 'x.a.test', false],
    ['wildcard under a top-level domain', [dns('*.test')], 'a.test', false],
    ['wildcard alone', [dns('*')], 'a', false],
    ['wildcard and an A-label', [dns('*.a.test')], 'bücher.a.test', true],
    ['IDN by its A-label', [dns('xn--bcher-kva.test')], 'bücher.test', true],
    ['IDN by its U-label, which is not a DNS-ID', [dns('b\xfccher.test')], 'bücher.test', false],
    ['SRV-ID of the service', [srvName('_xmpp-client.a.test')], 'a.test', true],
    ['SRV-ID in capitals', [srvName('_XMPP-Client.A.test')], 'a.test', true],
    ['SRV-ID of another service', [srvName('_xmpp-server.a.test')], 'a.test', false],
    ['SRV-ID without a service', [srvName('a.test')], 'a.test', false],
    ['SRV-ID with a wildcard', [srvName('_xmpp-client.*.a.test')], 'x.a.test', true],
    ['XmppAddr', [xmpp('a.test')], 'a.test', true],
    ['XmppAddr with an IDN', [xmpp('bücher.test')], 'bücher.test', true],
    ['XmppAddr of an account', [xmpp('romeo@a.test')], 'a.test', false],
    ['XmppAddr with a wildcard', [xmpp('*.a.test')], 'x.a.test', false],
    ['DNS-ID that names an address', [dns('127.0.0.1')], '127.0.0.1', false],
    ['IP-ID', [ip], '127.0.0.1', false],
  ])('%s', (_, names, domain, expected) => {
    expect(matchesDomain(certificate(names), domain, 'xmpp-client')).toBe(expected)
  })

  test('the SRV-ID follows the service', () => {
    const both = certificate([srvName('_xmpp-server.a.test')])
    expect(matchesDomain(both, 'a.test', 'xmpp-server')).toBe(true)
  })

  test('bytes that are no certificate match nothing and never hang or throw anything odd', () => {
    const good = Buffer.from(certificate([dns('a.test'), xmpp('a.test'), srvName('_xmpp-client.a.test')]))
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(good.length), (at, flip, end) => {
        const broken = Buffer.from(good.subarray(0, Math.max(end, 1)))
        if (at < broken.length) broken[at]! ^= flip
        expect(matchesDomain(broken, 'victim.test', 'xmpp-client')).toBe(false)
        tlsServerEndPoint(broken)
        try {
          presentedNames(broken)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
    )
    fc.assert(fc.property(fc.uint8Array(), bytes => !matchesDomain(bytes, 'a.test', 'xmpp-client')))
  })
})

describe('DER', () => {
  test('what is encoded is read again (X.690 §8.1)', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), parts => {
        const values = derValues(Buffer.concat(parts.map(part => der(0x04, part))))
        expect(values.map(it => Buffer.from(it.contents))).toEqual(parts.map(part => Buffer.from(part)))
      }),
    )
  })

  test.each([
    ['length missing', [0x30]],
    ['over the end', [0x04, 2, 0]],
    ['indefinite length', [0x30, 0x80, 0, 0]],
    ['length of four bytes', [0x30, 0x84, 0, 0, 0, 0]],
    ['length cut', [0x30, 0x82, 1]],
    ['tag of several bytes', [0x1f, 0x81, 1, 0]],
  ])('refuses: %s', (_, bytes) => {
    expect(() => derValues(Uint8Array.from(bytes))).toThrow(RangeError)
  })
})

describe('tls-server-end-point takes the hash of the signature (RFC 5929 §4.1)', () => {
  const digest = (oid: string) => der(0xa0, der(0x30, derOid(oid)))
  const pss = (...parameters: Uint8Array[]) => Buffer.concat([derOid('2a864886f70d01010a'), der(0x30, ...parameters)])
  test.each<[string, Uint8Array, string | undefined]>([
    ['MD5 becomes SHA-256', derOid('2a864886f70d010104'), 'sha256'],
    ['SHA-1 becomes SHA-256', derOid('2a864886f70d010105'), 'sha256'],
    ['RSA with SHA-256', derOid('2a864886f70d01010b'), 'sha256'],
    ['RSA with SHA-384', derOid('2a864886f70d01010c'), 'sha384'],
    ['RSA with SHA-512', derOid('2a864886f70d01010d'), 'sha512'],
    ['ECDSA with SHA-384', derOid('2a8648ce3d040303'), 'sha384'],
    ['RSA-PSS without parameters', derOid('2a864886f70d01010a'), 'sha256'],
    ['RSA-PSS with the default, SHA-1', pss(), 'sha256'],
    ['RSA-PSS with SHA-384', pss(digest('608648016503040202')), 'sha384'],
    ['RSA-PSS with an unknown digest', pss(digest('2a0304')), undefined],
    ['Ed25519 has no hash', derOid('2b6570'), undefined],
    ['unknown', derOid('2a0304'), undefined],
  ])('%s', (_, algorithm, name) => {
    const bytes = certificate([dns('a.test')], algorithm)
    const expected = name === undefined ? undefined : createHash(name).update(bytes).digest()
    expect(tlsServerEndPoint(bytes)).toEqual(expected)
  })
})

describe('self-made certificates', () => {
  const made = new X509Certificate(selfSigned({ domains: ['a.test', 'bücher.test', '*.a.test'], days: 30 }).cert)

  test('carry DNS-ID, XmppAddr and SRV-IDs of each domain (RFC 6120 §13.7.1)', () => {
    expect(presentedNames(made.raw)).toEqual({
      dns: ['a.test', 'xn--bcher-kva.test', '*.a.test'],
      xmpp: ['a.test', 'bücher.test'],
      srv: ['a.test', 'xn--bcher-kva.test'].flatMap(name => [`_xmpp-client.${name}`, `_xmpp-server.${name}`]),
    })
  })

  test('are signed by themselves, valid now and for the days asked for', () => {
    expect(made.verify(made.publicKey)).toBe(true)
    expect(made.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(made.validFromDate.getTime()).toBeLessThan(Date.now())
    expect(Math.round((made.validToDate.getTime() - Date.now()) / 86_400_000)).toBe(30)
    expect(fingerprint(made.raw)).toBe(made.fingerprint256.replaceAll(':', '').toLowerCase())
  })

  test('may last beyond 2050 (RFC 5280 §4.1.2.5)', () => {
    const long = new X509Certificate(selfSigned({ domains: ['a.test'], days: 36_500 }).cert)
    expect(long.validToDate.getUTCFullYear()).toBeGreaterThan(2100)
  })

  test.each([[[]], [['']], [['127.0.0.1']], [['a b']]])('refuse %j', domains => {
    expect(() => selfSigned({ domains })).toThrow(
      expect.objectContaining({ name: 'TransportError', code: 'certificate' }),
    )
  })
})

test.each([
  ['a.test', 'a.test'],
  ['Bücher.TEST.', 'xn--bcher-kva.test'],
  ['127.0.0.1', undefined],
  ['0x7f.1', undefined],
  ['[::1]', undefined],
  ['::1', undefined],
  ['a b', undefined],
  ['', undefined],
  ['user@a.test', undefined],
])('aLabels: %s', (domain, expected) => {
  expect(aLabels(domain)).toBe(expected)
})
