/** A self-signed certificate for the test domains, made by the openssl program and kept for one run. */
import { execFile } from 'node:child_process'
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
