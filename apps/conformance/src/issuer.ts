/** Certificates of other servers, good and bad, made by the openssl program. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CertificateKind } from '@tercet/testkit'

/** Makes an authority, whose certificate is in `caFile`, and certificates of other servers on demand. */
export async function makeIssuer(folder: string) {
  const caFile = join(folder, 'ca.pem')
  const caKey = join(folder, 'ca.key')
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  await openssl('req', '-x509', ...ecKey(caKey), '-subj', '/CN=Authority', '-days', '2', ...usage, '-out', caFile)
  let made = 0
  return {
    caFile,
    /** A certificate of this kind for a domain. */
    async credential(kind: Exclude<CertificateKind, 'none'>, domain: string): Promise<{ cert: string; key: string }> {
      const file = join(folder, `remote-${++made}`)
      const name = kind === 'of another name' ? `not-${domain}` : domain
      const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
      const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE']
      const issuer = kind === 'self-signed' ? [] : ['-CA', caFile, '-CAkey', caKey]
      if (kind === 'expired') {
        await openssl('req', ...ecKey(`${file}.key`), ...names, ...leaf, '-out', `${file}.csr`)
        await openssl(
          'ca',
          '-batch',
          '-config',
          await bookkeeping(folder),
          '-cert',
          caFile,
          '-keyfile',
          caKey,
          ...past,
          ...signing(file),
        )
      } else {
        await openssl(
          'req',
          '-x509',
          ...ecKey(`${file}.key`),
          ...names,
          '-days',
          '2',
          ...issuer,
          ...leaf,
          '-out',
          `${file}.pem`,
        )
      }
      return { cert: await readFile(`${file}.pem`, 'utf8'), key: await readFile(`${file}.key`, 'utf8') }
    },
  }
}

const past = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z']
const signing = (file: string) => ['-notext', '-in', `${file}.csr`, '-out', `${file}.pem`]

/** What `openssl ca`, which alone can date a certificate back, wants to write down. */
async function bookkeeping(folder: string): Promise<string> {
  const file = join(folder, 'ca.cnf')
  await writeFile(join(folder, 'index.txt'), '')
  const settings = [
    `database = ${join(folder, 'index.txt')}`,
    `new_certs_dir = ${folder}`,
    'rand_serial = yes',
    'default_md = sha256',
    'policy = any',
    'copy_extensions = copy',
    'unique_subject = no',
  ]
  await writeFile(
    file,
    ['[ca]', 'default_ca = own', '[own]', ...settings, '[any]', 'commonName = supplied', ''].join('\n'),
  )
  return file
}

const ecKey = (file: string) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file]

async function openssl(...args: readonly string[]): Promise<void> {
  await promisify(execFile)('openssl', [...args])
}
