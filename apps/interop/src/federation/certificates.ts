/** Certificates of the world: an authority made by openssl, and for each domain one of its own or a self-signed one. */

import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireProgram, runToEnd } from '../processes.ts'
import { domainOf, isSelfMade, kinds, roomsOf, type Kind, type ServerName } from './kinds.ts'

/** PEM files of one domain, and what a peer would pin. */
export interface Identity {
  readonly certificateFile: string
  readonly keyFile: string
  /** Both in one file, the key last. */
  readonly bundleFile: string
  /** SHA-256 as lower-case hexadecimal. */
  readonly fingerprint: string
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Makes the authority in `folder` and gives its certificate's file. */
export async function makeAuthority(folder: string): Promise<string> {
  const file = join(folder, 'ca.crt')
  const extensions = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  const made = ['-x509', '-subj', '/CN=Federation test authority', '-days', '2', '-keyout', join(folder, 'ca.key')]
  await openssl('req', ...made, ...newKey, ...extensions, '-out', file)
  return file
}

/** Makes the certificates of one server's domains; `shared`: one for each way of signing, with the names of its domains. */
export async function makeIdentities(
  folder: string,
  server: ServerName,
  shared: boolean,
): Promise<Record<Kind, Identity>> {
  const alike = (kind: Kind) => (shared ? kinds.filter(other => isSelfMade(other) === isSelfMade(kind)) : [kind])
  const sets = [...new Set(kinds.map(kind => alike(kind).join(' ')))]
  const made = new Map(
    await Promise.all(
      sets.map(async set => [set, await makeIdentity(folder, server, set.split(' ') as Kind[])] as const),
    ),
  )
  // One for each kind, in the order of the kinds.
  return Object.fromEntries(kinds.map(kind => [kind, made.get(alike(kind).join(' '))])) as Record<Kind, Identity>
}

async function makeIdentity(folder: string, server: ServerName, covered: readonly Kind[]): Promise<Identity> {
  const domain = domainOf(covered[0]!, server) // a set of kinds is never empty
  const certificateFile = join(folder, `${domain}.crt`)
  const keyFile = join(folder, `${domain}.key`)
  const bundleFile = join(folder, `${domain}.pem`)
  const names = covered.flatMap(kind => [domainOf(kind, server), roomsOf(kind, server)])
  const usage = ['-addext', `subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`]
  const purposes = [
    '-addext',
    'extendedKeyUsage=serverAuth,clientAuth',
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ]
  const subject = ['-x509', '-subj', `/CN=${domain}`, '-days', '2', '-keyout', keyFile, '-out', certificateFile]
  const issuer = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')]
  await openssl('req', ...subject, ...newKey, ...usage, ...purposes, ...(isSelfMade(covered[0]!) ? [] : issuer))
  const certificate = readFileSync(certificateFile, 'utf8')
  writeFileSync(bundleFile, certificate + readFileSync(keyFile, 'utf8'))
  const { fingerprint256 } = new X509Certificate(certificate)
  return { certificateFile, keyFile, bundleFile, fingerprint: fingerprint256.replaceAll(':', '').toLowerCase() }
}

async function openssl(...args: readonly string[]): Promise<void> {
  await runToEnd(requireProgram('openssl', 'openssl'), args)
}
