import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fingerprint, selfSigned } from '@tercet/net'
import { afterAll, expect, test } from 'vitest'
import { openClientCertificates } from './client-certificates.ts'

const folder = mkdtempSync(join(tmpdir(), 'clients-'))
afterAll(() => rmSync(folder, { recursive: true }))

function opened(text: string, accounts: Record<string, string> = {}) {
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, text)
  return openClientCertificates({ ca, accounts })
}

function der(pem: string): Uint8Array {
  return new X509Certificate(pem).raw
}

const ca = selfSigned({ domains: ['ca.test'] }).cert
const nameless = selfSigned({ domains: ['*.wild.test'] }).cert

test('a certificate says whom it names', () => {
  expect(opened(ca).names(der(ca))).toEqual({ addresses: ['ca.test'] })
})

test('one that names nobody is known by its fingerprint, or not', () => {
  const known = opened(ca, { [fingerprint(der(nameless))]: 'romeo@a.test' })
  expect(known.names(der(nameless))).toEqual({ addresses: [], mapped: 'romeo@a.test' })
  // A certificate with addresses is never mapped (XEP-0178 §2).
  expect(opened(ca, { [fingerprint(der(ca))]: 'romeo@a.test' }).names(der(ca))).toEqual({ addresses: ['ca.test'] })
  expect(opened(ca).names(der(nameless))).toBeUndefined()
})

test('an expired one is not to be used, though its chain once verified', () => {
  expect(opened(ca).names(der(selfSigned({ domains: ['ca.test'], days: -1 }).cert))).toBeUndefined()
})

test.each(['', 'nonsense', ca.slice(0, 200)])('a file without certificates is refused at the start', text => {
  expect(() => opened(text)).toThrow(/auth\.certificates\.ca: .*ca\.pem holds no certificates/)
})
