import { X509Certificate, hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { dnsId, issue, type Issued } from '../authority.fixture.ts'
import { nameServer } from '../dns.fixture.ts'
import { dnsResolver, type TlsaRecord } from '../resolve.ts'
import { daneChecker } from './dane.ts'
import { handshake } from './pair.fixture.ts'
import { certificateVerifier } from './verifier.ts'

const root = issue({ commonName: 'Root', authority: true })
const own = issue({ commonName: 'Own', authority: true })
const ours = issue({ names: [dnsId('near.test')] }, root)
const names = [dnsId('far.test')]
const pkix = issue({ names }, root)
const selfMade = issue({ names: [dnsId('other.test')], days: [-9, -2] })
const byOwn = issue({ names }, own)
const byOwnWrong = issue({ names: [dnsId('other.test')] }, own)
const ca = [root.cert]

const bytes = (it: Issued, selector: number) => {
  const certificate = new X509Certificate(it.cert)
  return selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' })
}
const record = (usage: number, it: Issued, selector = 1, match = 1): TlsaRecord => {
  const data = bytes(it, selector)
  return { usage, selector, match, data: match === 0 ? data : hash(match === 1 ? 'sha256' : 'sha512', data, 'buffer') }
}
const chained = (leaf: Issued, issuer: Issued) => ({ cert: leaf.cert + issuer.cert, key: leaf.key })

/** The verdict of one who connected, with a DNS that holds these TLSA records for the second of two servers of far.test. */
async function verdict(shown: { cert: string; key: string }, records: readonly TlsaRecord[] | 'refuse') {
  using dns = await nameServer({
    'SRV _xmpp-server._tcp.far.test': [
      { host: 'one.far.test', port: 5269, priority: 0, weight: 0 },
      { host: 'two.far.test', port: 5299, priority: 0, weight: 0 },
    ],
    'TLSA _5299._tcp.two.far.test': records,
  })
  const verifier = certificateVerifier({ ca, dane: daneChecker(dnsResolver({ servers: dns.servers, tries: 1 })) })
  const { near } = await handshake({ near: ours, far: shown, ca })
  return await verifier.verify(near, 'far.test', { signal: AbortSignal.timeout(20_000) })
}

describe('accepted (RFC 7671 §5, RFC 7673)', () => {
  test.each([
    ['DANE-EE, whatever name and dates', selfMade, [record(3, selfMade)], 'dane'],
    ['DANE-EE by the whole certificate and SHA-512', selfMade, [record(3, selfMade, 0, 2)], 'dane'],
    ['DANE-EE by the bytes themselves', selfMade, [record(3, selfMade, 1, 0)], 'dane'],
    ['one record of several, during a change of keys', selfMade, [record(3, pkix), record(3, selfMade)], 'dane'],
    ['DANE-TA', chained(byOwn, own), [record(2, own)], 'dane'],
    ['PKIX-EE on a trusted chain', pkix, [record(1, pkix)], 'dane'],
    ['PKIX-TA on a trusted chain', chained(pkix, root), [record(0, root)], 'dane'],
    ['no records: the chain counts', pkix, [], 'pkix'],
    ['no usable records: the chain counts', pkix, [{ ...record(3, own), usage: 9 }], 'pkix'],
    ['a digest of a wrong length is not usable', pkix, [{ ...record(3, own), data: new Uint8Array(31) }], 'pkix'],
    ['no answer: the chain counts', pkix, 'refuse' as const, 'pkix'],
  ])('%s', async (_, shown, records, by) => {
    expect(await verdict(shown, records)).toEqual({ valid: true, by })
  })
})

describe('refused', () => {
  const other = 'the certificate is not one that the TLSA records of far.test name'
  test.each([
    ['DANE-EE of another key, though an authority vouches', pkix, [record(3, own)], other],
    ['DANE-TA that did not sign it', selfMade, [record(2, own)], other],
    ['DANE-TA, and another name in the certificate', chained(byOwnWrong, own), [record(2, own)], other],
    ['DANE-TA, and another certificate behind a stranger', chained(issue({ names }), own), [record(2, own)], other],
    ['PKIX-EE without a trusted chain', selfMade, [record(1, selfMade)], other],
    ['PKIX-TA without a trusted chain', chained(byOwn, own), [record(0, own)], other],
    ['no records, and no trusted chain', byOwn, [], /^the certificate comes from an authority/],
    ['no answer, and no trusted chain', byOwn, 'refuse' as const, /^the certificate comes from an authority/],
  ])('%s', async (_, shown, records, reason) => {
    const expected = typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string)
    expect(await verdict(shown, records)).toMatchObject({ valid: false, reason: expected })
  })
})
