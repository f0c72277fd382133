// Which channel bindings there are, what they are made of, and what is said about them.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { channelBindings, commonBinding, tlsVersionCode } from './channel-binding.ts'
import { offerHash, offerText } from './downgrade.ts'
import { serverEndPoint } from './end-point.ts'
import { bytes } from './fixture.ts'
import { platform as node } from './platform/node.ts'
import { platform as web } from './platform/web.ts'

const exporter = bytes('exporter')
const finished = bytes('finished')
const endPoint = bytes('end point')
const all = { exporter, finished, endPoint }

test.each([
  [
    'TLS 1.3',
    { ...all, protocol: 'TLSv1.3', extendedMasterSecret: true, resumed: false },
    ['tls-exporter', 'tls-server-end-point'],
  ],
  ['TLS 1.3 resumed', { ...all, protocol: 'TLSv1.3', resumed: true }, ['tls-exporter', 'tls-server-end-point']],
  [
    'TLS 1.2 with the extended master secret',
    { ...all, protocol: 'TLSv1.2', extendedMasterSecret: true, resumed: false },
    ['tls-exporter', 'tls-unique', 'tls-server-end-point'],
  ],
  [
    'TLS 1.2 resumed',
    { ...all, protocol: 'TLSv1.2', extendedMasterSecret: true, resumed: true },
    ['tls-exporter', 'tls-server-end-point'],
  ],
  [
    'TLS 1.2 when nobody knows whether it was resumed',
    { ...all, protocol: 'TLSv1.2', extendedMasterSecret: true },
    ['tls-exporter', 'tls-server-end-point'],
  ],
  [
    'TLS 1.2 without the extended master secret',
    { ...all, protocol: 'TLSv1.2', resumed: false },
    ['tls-server-end-point'],
  ],
  ['TLS 1.1', { ...all, protocol: 'TLSv1.1', extendedMasterSecret: true, resumed: false }, ['tls-server-end-point']],
  ['CB-02: a certificate nobody knows', { exporter, protocol: 'TLSv1.3' }, ['tls-exporter']],
  ['no TLS', { ...all, protocol: 'none' }, []],
])('CB-01: %s (RFC 9266 §2, RFC 7677 §4, RFC 5929 §3)', (_, facts, types) => {
  expect(channelBindings(facts).map(binding => binding.type)).toEqual(types)
})

test.each([
  ['TLSv1.3', '0304'],
  ['TLSv1.2', '0303'],
  ['TLSv1.1', '0302'],
  ['TLSv1', '0301'],
  ['SSLv3', undefined],
])('CB-06: %s is %s (XEP-0515 §4.1)', (protocol, code) => expect(tlsVersionCode(protocol)).toBe(code))

describe('CB-04: the type both ends use (XEP-0440 §4)', () => {
  const mine = channelBindings({ ...all, protocol: 'TLSv1.2', extendedMasterSecret: true, resumed: false })
  test.each([
    ['the strongest that was advertised', ['tls-server-end-point', 'tls-unique', 'tls-exporter'], 'tls-exporter'],
    ['the end point when nothing else is common', ['x', 'tls-server-end-point'], 'tls-server-end-point'],
    ['none when none is common', ['x'], undefined],
    ['the default of SCRAM when none was advertised (RFC 5802 §6.1)', undefined, 'tls-unique'],
  ])('is %s', (_, offered, type) => expect(commonBinding(mine, offered)?.type).toBe(type))
})

test.each([
  ['node', node],
  ['web', web],
])('CB-05: the hash of the offer is that of XEP-0474 §6 (%s)', async (_, platform) => {
  const offer = {
    mechanisms: ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
    bindingTypes: ['tls-server-end-point', 'tls-exporter'],
  }
  expect(await offerHash(offer, 'SHA-1', platform)).toBe('G6k/rBLDqgOhRRaCuuatSDFkJ08=')
})

test.each([
  ['types advertised', ['B', 'A'], ['y', 'x'], 'A\x1eB\x1fx\x1ey'],
  ['no types advertised', ['B', 'A'], undefined, 'A\x1eB'],
  ['an empty list of types advertised', ['B', 'A'], [], 'A\x1eB\x1f'],
])('CB-05: what is hashed with %s (XEP-0474 §6.1)', (_, mechanisms, bindingTypes, expected) => {
  expect(offerText({ mechanisms, bindingTypes })).toBe(expected)
})

/** A DER value; what is inside is given as values or bytes. */
function der(tag: number, ...parts: readonly (Uint8Array | number[])[]): Uint8Array {
  const content = Buffer.concat(parts.map(part => Buffer.from(part)))
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const oid = (hex: string) => der(6, Buffer.from(hex, 'hex'))
/** As much of a certificate as its signature algorithm needs. */
const certificate = (...algorithm: Uint8Array[]) =>
  der(0x30, der(0x30, new Uint8Array(200)), der(0x30, ...algorithm), der(3, new Uint8Array(65)))
const pssHash = (hex: string) => der(0x30, der(0xa0, der(0x30, oid(hex))))

describe.each([
  ['node', node],
  ['web', web],
])('CB-02: tls-server-end-point on %s (RFC 5929 §4.1)', (_, platform) => {
  test.each([
    ['sha256WithRSA', 'SHA-256', [oid('2a864886f70d01010b'), der(5)]],
    ['sha384WithRSA', 'SHA-384', [oid('2a864886f70d01010c'), der(5)]],
    ['sha512WithRSA', 'SHA-512', [oid('2a864886f70d01010d'), der(5)]],
    ['ecdsa-with-SHA256', 'SHA-256', [oid('2a8648ce3d040302')]],
    ['ecdsa-with-SHA384', 'SHA-384', [oid('2a8648ce3d040303')]],
    ['MD5, replaced', 'SHA-256', [oid('2a864886f70d010104'), der(5)]],
    ['SHA-1, replaced', 'SHA-256', [oid('2a864886f70d010105'), der(5)]],
    ['PSS with SHA-512', 'SHA-512', [oid('2a864886f70d01010a'), pssHash('608648016503040203')]],
    ['PSS with its default, SHA-1, replaced', 'SHA-256', [oid('2a864886f70d01010a'), der(0x30)]],
  ] as const)('is by the hash of the signature: %s', async (_, hash, algorithm) => {
    const whole = certificate(...algorithm)
    expect(await serverEndPoint(whole, platform)).toEqual(await platform.hash(hash, whole))
  })

  test.each([
    ['Ed25519', [oid('2b6570')]],
    ['SHA-224', [oid('2a864886f70d01010e'), der(5)]],
    ['PSS with SHA-224', [oid('2a864886f70d01010a'), pssHash('608648016503040204')]],
  ])('is not defined for %s', async (_, algorithm) => {
    expect(await serverEndPoint(certificate(...algorithm), platform)).toBeUndefined()
  })
})

test.each([
  ['ecdsa-sha384', '092dafde454e57403e4682803f0223fc15fff3d450d365743eccb2bc8672507dd02438c8a07fd89cd982c7a8349b1f86'],
  [
    'pss-sha512',
    'd1f610be33c8c88b4c6261ceef83ac3ee0de0328d035ba0cde677d1b6c46301a9f3ddd565e7c41a6d82b23200dc0be2150c05c9c58e3f57ef9c26b879f4556e0',
  ],
  ['ed25519', undefined],
])('CB-02: a real certificate signed by %s has the hash that openssl computes', async (name, expected) => {
  const pem = readFileSync(new URL(`../fixtures/${name}.pem`, import.meta.url), 'latin1')
  const data = await serverEndPoint(Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64'))
  expect(data && Buffer.from(data).toString('hex')).toBe(expected)
})

test('CB-02: bytes that are no certificate have no end point, and never throw', async () => {
  const whole = certificate(oid('2a8648ce3d040302'))
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.uint8Array(), async (cut, noise) => {
      const data = await serverEndPoint(Buffer.concat([whole.subarray(0, cut), noise]))
      expect(data === undefined || data.length >= 32).toBe(true)
      expect(await serverEndPoint(noise)).toBeUndefined()
    }),
  )
})
