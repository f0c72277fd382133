/** What all servers of one run share: a folder, a certificate, and accounts. */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Below `.example`: about `.test` the resolver of Prosody asks nobody (RFC 6761 §6.2). */
export const DOMAIN = 'bench.example'
/** Served by the other server of a federation. */
export const FAR_DOMAIN = 'far.example'
/** Accounts of a ground that exist in {@link FAR_DOMAIN}, too. */
export const FAR_ACCOUNTS = 50
export const PASSWORD = 'bench'
/** Rounds of PBKDF2, the same for all servers (RFC 7677 §4). */
export const ITERATIONS = 4096

/** One run's ground; disposing removes the folder. */
export interface Ground extends AsyncDisposable {
  readonly folder: string
  readonly certificateFile: string
  readonly keyFile: string
  /** Localparts of the accounts that exist on every server. */
  readonly locals: readonly string[]
}

/** Makes a folder in the system's temporary one with a self-signed P-256 certificate. @throws {Error} openssl is missing */
export async function makeGround(accounts: number): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'tercet-bench-'))
  const certificateFile = join(folder, 'certificate.pem')
  const keyFile = join(folder, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const subject = ['-subj', `/CN=${DOMAIN}`, '-addext', `subjectAltName=DNS:${DOMAIN},DNS:${FAR_DOMAIN}`, '-days', '2']
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...subject, '-out', certificateFile])
  return {
    folder,
    certificateFile,
    keyFile,
    locals: Array.from({ length: accounts }, (_, index) => `user${index}`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
