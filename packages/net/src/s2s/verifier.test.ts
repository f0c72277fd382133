import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  CLIENT_AUTH,
  SERVER_AUTH,
  dnsId,
  extension,
  issue,
  srvId,
  xmppAddr,
  type Issued,
} from '../authority.fixture.ts'
import { fingerprint } from '../certificate.ts'
import { TAG, der } from '../der.ts'
import { handshake } from './pair.fixture.ts'
import { certificateVerifier, type CertificateVerifierOptions, type PinStore } from './verifier.ts'

const root = issue({ commonName: 'Root', authority: true })
const middle = issue({ commonName: 'Middle', authority: 0 }, root)
const stranger = issue({ commonName: 'Stranger', authority: true })
const ours = issue({ names: [dnsId('near.test')] }, root)
const ca = [root.cert]
const signal = AbortSignal.timeout(60_000)
const chained = (leaf: Issued, ...issuers: Issued[]) => ({
  cert: [leaf, ...issuers].map(it => it.cert).join(''),
  key: leaf.key,
})
const sha256 = (it: Issued) => fingerprint(new X509Certificate(it.cert).raw)

/** The verdicts on a certificate of `far.test`, by the one who connected to it and by the one whom it connected to. */
async function verdicts(shown: { cert: string; key: string }, options: CertificateVerifierOptions = {}) {
  const verifier = certificateVerifier({ ca, ...options })
  const out = await handshake({ near: ours, far: shown, ca })
  const back = await handshake({ near: shown, far: ours, ca })
  return {
    outgoing: await verifier.verify(out.near, 'far.test', { signal }),
    incoming: await verifier.verify(back.far, 'far.test', { signal }),
  }
}

describe('a certificate of far.test, outgoing and incoming alike (RFC 9525 §6, XEP-0178 §3)', () => {
  test.each([
    ['DNS-ID', issue({ names: [dnsId('far.test')] }, root)],
    ['SRV-ID of servers', issue({ names: [srvId('_xmpp-server.far.test')] }, root)],
    ['XmppAddr', issue({ names: [xmppAddr('far.test')] }, root)],
    ['one name of several', issue({ names: [dnsId('other.test'), dnsId('far.test')] }, root)],
    ['without purposes', issue({ names: [dnsId('far.test')], purposes: [] }, root)],
    [
      'for servers only, as public authorities issue them',
      issue({ names: [dnsId('far.test')], purposes: [SERVER_AUTH] }, root),
    ],
  ])('accepted: %s', async (_, leaf) => {
    const both = await verdicts(leaf)
    expect(both).toEqual({ outgoing: { valid: true, by: 'pkix' }, incoming: { valid: true, by: 'pkix' } })
  })

  test('accepted: through an intermediate authority', async () => {
    const leaf = issue({ names: [dnsId('far.test')], purposes: [SERVER_AUTH] }, middle)
    const both = await verdicts(chained(leaf, middle))
    expect(both).toEqual({ outgoing: { valid: true, by: 'pkix' }, incoming: { valid: true, by: 'pkix' } })
  })

  test.each([
    [
      'expired',
      issue({ names: [dnsId('far.test')], days: [-30, -2] }, root),
      /^the certificate expired on \d{4}-\d\d-\d\d$/,
    ],
    [
      'not valid yet',
      issue({ names: [dnsId('far.test')], days: [2, 9] }, root),
      /^the certificate is not valid before \d{4}-/,
    ],
    ['of another name', issue({ names: [dnsId('other.test')] }, root), 'the certificate is not issued for far.test'],
    ['with a Common Name only', issue({ commonName: 'far.test' }, root), 'the certificate is not issued for far.test'],
    ['wildcard', issue({ names: [dnsId('*.far.test')] }, root), 'the certificate is not issued for far.test'],
    [
      'wildcard over a top-level domain',
      issue({ names: [dnsId('*.test')] }, root),
      'the certificate is not issued for far.test',
    ],
    [
      'SRV-ID of another service',
      issue({ names: [srvId('_xmpp-client.far.test')] }, root),
      'the certificate is not issued for far.test',
    ],
    [
      'XmppAddr of an account',
      issue({ names: [xmppAddr('romeo@far.test')] }, root),
      'the certificate is not issued for far.test',
    ],
    ['self-signed', issue({ names: [dnsId('far.test')] }), 'the certificate is self-signed'],
    [
      'of an unknown authority',
      issue({ names: [dnsId('far.test')] }, stranger),
      /^the certificate comes from an authority that is not /,
    ],
    [
      'of an unknown authority, for servers only',
      issue({ names: [dnsId('far.test')], purposes: [SERVER_AUTH] }, stranger),
      /^the certificate comes from an authority that is not /,
    ],
    [
      'of an authority that is none',
      issue({ names: [dnsId('far.test')], purposes: [SERVER_AUTH] }, issue({ names: [dnsId('x.test')] }, root)),
      /authority/,
    ],
  ])('refused: %s', async (_, leaf, reason) => {
    const expected = typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string)
    const both = await verdicts(leaf)
    expect(both.outgoing).toMatchObject({ valid: false, reason: expected })
    expect(both.incoming).toMatchObject({ valid: false, reason: expected })
  })

  test('the names in it are told, so that an operator sees the mistake', async () => {
    const leaf = issue(
      { names: [dnsId('b.test'), dnsId('*.b.test'), srvId('_xmpp-server.b.test'), xmppAddr('b.test')] },
      root,
    )
    expect((await verdicts(leaf)).outgoing).toEqual({
      valid: false,
      reason: 'the certificate is not issued for far.test',
      names: ['b.test', '*.b.test', '_xmpp-server.b.test'],
    })
  })

  test('none shown', async () => {
    const { far } = await handshake({ near: ours, far: ours, ca })
    const none = { ...far, peerCertificate: undefined, peerCertificateError: 'no certificate was presented' }
    const verdict = certificateVerifier().verify(none, 'far.test', { signal })
    expect(verdict).toEqual({ valid: false, reason: 'no certificate was presented', names: [] })
  })

  test.each(['127.0.0.1', 'a b', ''])('for what is no domain name: %j', async domain => {
    const { near } = await handshake({ near: ours, far: ours, ca })
    expect(certificateVerifier().verify(near, domain, { signal })).toMatchObject({ valid: false })
  })

  test('a certificate that has expired since the handshake no longer counts', async () => {
    const now = () => Date.now() + 40 * 86_400_000
    const both = await verdicts(issue({ names: [dnsId('far.test')] }, root), { now })
    expect(both.outgoing).toMatchObject({
      valid: false,
      reason: expect.stringMatching(/^the certificate expired/) as string,
    })
  })
})

describe('a certificate for servers only, shown by the one who connects', () => {
  const names = [dnsId('far.test')]
  const only = { names, purposes: [SERVER_AUTH] }
  const constrained = issue(
    // permits b.test alone (RFC 5280 §4.2.1.10)
    {
      commonName: 'Constrained',
      authority: true,
      extensions: [extension('551d1e', der(TAG.sequence, der(0xa0, der(TAG.sequence, dnsId('b.test')))))],
    },
    root,
  )
  const below = issue({ commonName: 'Below', authority: true }, middle)
  const expired = issue({ commonName: 'Expired', authority: true, days: [-30, -1] }, root)
  test.each([
    ['an authority for other names', chained(issue(only, constrained), constrained)],
    ['an authority where none may stand', chained(issue(only, below), below, middle)],
    ['an authority that has expired', chained(issue(only, expired), expired)],
    ['a missing link', chained(issue(only, middle))],
    ['a forged link', chained({ ...issue(only, stranger) }, root)],
    ['another purpose', chained(issue({ names, purposes: ['2b06010505070304'] }, root))],
  ])('refused: %s', async (_, shown) => {
    expect((await verdicts(shown)).incoming).toMatchObject({ valid: false })
  })

  test('refused the other way round: for clients only, shown by the one connected to', async () => {
    const { outgoing } = await verdicts(issue({ names, purposes: [CLIENT_AUTH] }, root))
    expect(outgoing).toMatchObject({ valid: false, reason: 'the certificate was not issued for servers' })
  })
})

describe('pinned by the operator', () => {
  const selfMade = issue({ names: [dnsId('far.test')] })
  const pinned = (...fingerprints: string[]) => ({
    pins: (domain: string) => (domain === 'far.test' ? { fingerprints } : undefined),
  })

  test.each([
    ['self-signed', selfMade],
    ['self-signed and of another name', issue({ names: [dnsId('other.test')] })],
    ['expired', issue({ names: [dnsId('far.test')], days: [-9, -2] })],
  ])('accepted: %s', async (_, leaf) => {
    const both = await verdicts(leaf, pinned('00'.repeat(32), sha256(leaf)))
    expect(both).toEqual({ outgoing: { valid: true, by: 'pin' }, incoming: { valid: true, by: 'pin' } })
  })

  test('a fingerprint may be written as OpenSSL prints it', async () => {
    const printed = new X509Certificate(selfMade.cert).fingerprint256
    expect((await verdicts(selfMade, pinned(printed))).outgoing).toEqual({ valid: true, by: 'pin' })
  })

  test('refused: any other certificate, though an authority vouches for it', async () => {
    const both = await verdicts(issue({ names: [dnsId('far.test')] }, root), pinned(sha256(selfMade)))
    const reason = expect.stringMatching(/fingerprint [0-9a-f]{64} is not one that is pinned$/) as string
    expect(both).toMatchObject({ outgoing: { valid: false, reason }, incoming: { valid: false, reason } })
  })

  test('refused: the pinned certificate for another domain', async () => {
    const { near } = await handshake({ near: ours, far: selfMade, ca })
    const verdict = certificateVerifier(pinned(sha256(selfMade))).verify(near, 'other.test', { signal })
    expect(await verdict).toMatchObject({ valid: false, reason: 'the certificate is self-signed' })
  })
})

describe('trusted on first use', () => {
  const first = issue({ names: [dnsId('far.test')] })
  const second = issue({ names: [dnsId('far.test')] })
  const remembering = (kept = new Map<string, string>()) => {
    const store: PinStore = { get: domain => kept.get(domain), put: (domain, it) => void kept.set(domain, it) }
    return { kept, options: { pins: () => ({ firstUse: true }), store } }
  }

  test('the first is accepted where we connected, and from then on both ways', async () => {
    const { kept, options } = remembering()
    expect(await verdicts(first, options)).toEqual({
      outgoing: { valid: true, by: 'pin' },
      incoming: { valid: true, by: 'pin' },
    })
    expect([...kept]).toEqual([['far.test', sha256(first)]])
  })

  test('refused: one that connects to us first; whoever connects may say any name', async () => {
    const { kept, options } = remembering()
    const { far } = await handshake({ near: first, far: ours, ca })
    expect(await certificateVerifier(options).verify(far, 'far.test', { signal })).toMatchObject({ valid: false })
    expect(kept.size).toBe(0)
  })

  test('refused: another one later', async () => {
    const { kept, options } = remembering(new Map([['far.test', sha256(first)]]))
    const reason = expect.stringMatching(/is not [0-9a-f]{64}, which was trusted on first use$/) as string
    expect(await verdicts(second, options)).toMatchObject({
      outgoing: { valid: false, reason },
      incoming: { valid: false, reason },
    })
    expect(kept.get('far.test')).toBe(sha256(first))
  })

  test('refused: a first one that does not name the domain', async () => {
    const { kept, options } = remembering()
    const both = await verdicts(issue({ names: [dnsId('other.test')] }), options)
    expect(both.outgoing).toMatchObject({ valid: false, reason: 'the certificate is self-signed' })
    expect(kept.size).toBe(0)
  })

  test('a trusted authority needs no first use, and replaces none', async () => {
    const { kept, options } = remembering(new Map([['far.test', sha256(first)]]))
    const both = await verdicts(issue({ names: [dnsId('far.test')] }, root), options)
    expect(both.outgoing).toEqual({ valid: true, by: 'pkix' })
    expect(kept.get('far.test')).toBe(sha256(first))
  })
})
