/** Certificates of the server: files of the operator's, reloaded when they change, or a self-made one in the data folder. */

import { X509Certificate } from 'node:crypto'
import { readFileSync, renameSync, rmSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { matchesDomain, selfSigned } from '@tercet/net'
import type { Logger } from '@tercet/plugin'
import type { Config } from './config.ts'
import { UserError } from './user-error.ts'

/** A certificate chain and its key, PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

const DAY_MS = 86_400_000
/** A self-made certificate is made anew when this much is left of it. */
const RENEW_DAYS = 30
const SELF_MADE_DAYS = 365
/** How often files are looked at. */
const WATCH_MS = 5000

/** The certificate in use, and word of new ones. */
export interface Certificates {
  readonly current: Pair
  /** Calls back with each new pair, until the server ends. */
  onChange(use: (pair: Pair) => void): void
  /** Looks at the files now, and at the end of a self-made certificate. A pair that is not usable is logged and the old one stays. */
  reload(): void
  close(): void
}

/**
 * Takes the pair that the configuration names, or the self-made one, which is made if there is none for these hosts.
 *
 * @throws {UserError} files that cannot be read or do not fit
 */
export function openCertificates(config: Config, logger: Logger): Certificates {
  const listeners: ((pair: Pair) => void)[] = []
  const read = (): Pair => (config.tls ? readPair(config.tls) : selfMade(config, logger))
  let current = read()
  for (const host of config.hosts)
    if (!speaksFor(current, host)) logger.warn({ host }, 'The certificate is not issued for this host')
  const reload = (): void => {
    try {
      const pair = read()
      if (pair.cert === current.cert && pair.key === current.key) return
      for (const use of listeners) use(pair)
      current = pair
      logger.info({ until: new X509Certificate(pair.cert).validTo }, 'A new certificate is in use')
    } catch (error) {
      // While the two files are being replaced they do not fit; the next change brings the other half.
      logger.warn({ reason: (error as Error).message }, 'The new certificate is not usable; the old one stays')
    }
  }
  const files = config.tls ? [config.tls.certificate, config.tls.key] : []
  for (const file of files) watchFile(file, { interval: WATCH_MS, persistent: false }, reload)
  return {
    get current() {
      return current
    },
    onChange: use => void listeners.push(use),
    reload,
    close() {
      for (const file of files) unwatchFile(file, reload)
    },
  }
}

/** Reads and tries a pair of files. @throws {UserError} */
export function readPair({ certificate, key }: { readonly certificate: string; readonly key: string }): Pair {
  const pair = { cert: readPem(certificate), key: readPem(key) }
  try {
    createSecureContext(pair)
  } catch (cause) {
    throw new UserError(`${certificate} and ${key} are no certificate and its key: ${(cause as Error).message}`)
  }
  return pair
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UserError(`${file} cannot be read: ${(cause as Error).message}`)
  }
}

function selfMade({ data, hosts }: Config, logger: Logger): Pair {
  const certificate = join(data, 'certificate.pem')
  const key = join(data, 'key.pem')
  const old = keptPair(certificate, key)
  if (old && hosts.every(host => speaksFor(old, host)) && daysLeft(old) > RENEW_DAYS) return old
  const pair = selfSigned({ domains: hosts, days: SELF_MADE_DAYS })
  // The key first: a certificate without its key is not taken for a pair at the next start.
  replace(key, pair.key)
  replace(certificate, pair.cert)
  logger.info({ certificate }, 'A certificate was made; clients will ask whether to trust it')
  return { cert: pair.cert, key: pair.key }
}

function keptPair(certificate: string, key: string): Pair | undefined {
  try {
    return readPair({ certificate, key })
  } catch {
    return undefined
  }
}

/** For its owner alone from the first byte, and never half written. */
function replace(file: string, text: string): void {
  const draft = `${file}.part`
  rmSync(draft, { force: true })
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
  renameSync(draft, file)
}

function speaksFor({ cert }: Pair, host: string): boolean {
  return matchesDomain(new X509Certificate(cert).raw, host, 'xmpp-client')
}

function daysLeft({ cert }: Pair): number {
  return (Date.parse(new X509Certificate(cert).validTo) - Date.now()) / DAY_MS
}
