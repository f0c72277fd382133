/** Certificates of the server: files of the operator's, reloaded when they change, or a self-made one in the data folder. */

import { X509Certificate } from 'node:crypto'
import { readFileSync, renameSync, rmSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { matchesDomain, selfSigned } from '@tercet/net'
import type { Logger } from '@tercet/plugin'
import type { CertificateFiles, Config } from './config.ts'
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
  /** For hosts that have none of their own. */
  readonly current: Pair
  /** Those of hosts by their names, and {@link current} as `default`. */
  readonly contexts: Readonly<Record<string, Pair>>
  /** Calls back when one is new, until the server ends. */
  onChange(use: () => void): void
  /** Looks at the files now, and at the end of a self-made certificate. Pairs that are not usable are logged and the old ones stay. */
  reload(): void
  close(): void
}

/**
 * Takes the pair that the configuration names, or the self-made one, which is made if there is none for these hosts.
 *
 * @throws {UserError} files that cannot be read or do not fit
 */
export function openCertificates(config: Config, logger: Logger): Certificates {
  const listeners: (() => void)[] = []
  const readers = new Map<string, () => Pair>([
    ['default', () => (config.tls ? readPair(config.tls) : selfMade(config, logger))],
  ])
  for (const [host, files] of config.hostTls) readers.set(host, () => readPair(files))
  const pairs = new Map([...readers].map(([name, read]) => [name, read()]))
  const contexts = (): Record<string, Pair> => Object.fromEntries(pairs)
  const current = (): Pair => pairs.get('default')! // it was read first
  for (const host of config.hosts)
    if (!speaksFor(pairs.get(host) ?? current(), host))
      logger.warn({ host }, 'The certificate is not issued for this host')
  const renew = (name: string, read: () => Pair): void => {
    const old = pairs.get(name)
    const host = name === 'default' ? undefined : name
    try {
      const pair = read()
      if (pair.cert === old?.cert && pair.key === old.key) return
      pairs.set(name, pair)
      for (const use of listeners) use()
      logger.info({ host, until: new X509Certificate(pair.cert).validTo }, 'A new certificate is in use')
    } catch (error) {
      if (old) pairs.set(name, old)
      // While the two files are being replaced they do not fit; the next change brings the other half.
      logger.warn({ host, reason: (error as Error).message }, 'The new certificate is not usable; the old one stays')
    }
  }
  const reload = (): void => {
    for (const [name, read] of readers) renew(name, read)
  }
  const files = [...(config.tls ? [config.tls] : []), ...config.hostTls.values()].flatMap(it => [
    it.certificate,
    it.key,
  ])
  for (const file of files) watchFile(file, { interval: WATCH_MS, persistent: false }, reload)
  return {
    get current() {
      return current()
    },
    get contexts() {
      return contexts()
    },
    onChange: use => void listeners.push(use),
    reload,
    close() {
      for (const file of files) unwatchFile(file, reload)
    },
  }
}

/** Reads and tries a pair of files. @throws {UserError} */
export function readPair({ certificate, key }: CertificateFiles): Pair {
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
