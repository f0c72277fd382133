/** A self-signed certificate for the test domains, made by the openssl program and kept for one run. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Writes certificate and key into a folder and returns their paths. @throws {Error} openssl is missing */
export async function makeCertificate(folder: string): Promise<{ certificateFile: string; keyFile: string }> {
  const certificateFile = join(folder, 'certificate.pem')
  const keyFile = join(folder, 'key.pem')
  const names = ['a.test', 'b.test'].map(name => `DNS:${name}`).join(',')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const subject = ['-subj', '/CN=a.test', '-addext', `subjectAltName=${names}`, '-days', '2']
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...subject, '-out', certificateFile])
  return { certificateFile, keyFile }
}

/** Makes certificates for clients. */
export interface Authority {
  readonly caFile: string
  /** A certificate with these addresses as XmppAddr (RFC 6120 §13.7.1.4), and its key; both PEM. */
  certify(addresses: readonly string[]): Promise<{ cert: string; key: string }>
}

/** An authority of its own in a folder. @throws {Error} openssl is missing */
export async function makeAuthority(folder: string): Promise<Authority> {
  const caFile = join(folder, 'clients.pem')
  const caKeyFile = join(folder, 'clients-key.pem')
  const run = promisify(execFile)
  const key = (file: string) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file]
  await run('openssl', ['req', '-x509', ...key(caKeyFile), '-subj', '/CN=clients', '-days', '2', '-out', caFile])
  let count = 0
  return {
    caFile,
    async certify(addresses) {
      const name = join(folder, `client-${++count}`)
      const [cert, keyFile] = [`${name}.pem`, `${name}-key.pem`]
      const names = addresses.map(address => `otherName:1.3.6.1.5.5.7.8.5;UTF8:${address}`).join(',')
      await run('openssl', [
        ...['req', '-x509', '-CA', caFile, '-CAkey', caKeyFile, ...key(keyFile), '-subj', '/CN=client', '-days', '2'],
        ...['-addext', `subjectAltName=${names === '' ? 'DNS:client.test' : names}`, '-out', cert],
      ])
      return { cert: await readFile(cert, 'utf8'), key: await readFile(keyFile, 'utf8') }
    },
  }
}
