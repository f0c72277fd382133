/** A throw-away certificate authority and a server certificate signed by it, made with openssl. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireProgram, runToEnd } from '../processes.ts'

export interface TlsFiles {
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
}

/** Makes both in `folder`; the certificate covers `domain`, localhost and 127.0.0.1 and lives two days. */
export async function makeCertificate(folder: string, domain: string): Promise<TlsFiles> {
  const openssl = requireProgram('openssl', 'openssl')
  const file = (name: string) => join(folder, name)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  writeFileSync(
    file('openssl.cnf'),
    `[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:${domain}, DNS:localhost, IP:127.0.0.1
`,
  )
  const config = ['-config', file('openssl.cnf')]
  const authority = ['-x509', '-subj', '/CN=Interop test authority', '-days', '2', '-extensions', 'authority']
  await runToEnd(openssl, [
    'req',
    ...authority,
    ...newKey,
    ...config,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
  ])
  const request = ['-subj', `/CN=${domain}`, '-keyout', file('server.key'), '-out', file('server.csr')]
  await runToEnd(openssl, ['req', ...newKey, ...config, ...request])
  const signing = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2']
  const extensions = ['-extfile', file('openssl.cnf'), '-extensions', 'server']
  await runToEnd(openssl, [
    'x509',
    '-req',
    '-in',
    file('server.csr'),
    ...signing,
    ...extensions,
    '-out',
    file('server.crt'),
  ])
  return { caFile: file('ca.crt'), certificateFile: file('server.crt'), keyFile: file('server.key') }
}
