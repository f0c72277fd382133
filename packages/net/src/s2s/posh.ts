/** PKIX over Secure HTTP: a domain's web server says which certificates its XMPP server has (RFC 7711; RFC 7712 §4.2). */
import { hash } from 'node:crypto'
import { transportError } from '../error.ts'
import { guardedFetch, type GuardedFetch, type GuardedFetchOptions } from '../guarded-fetch.ts'
import { readPosh, type PoshDocument } from './posh-document.ts'
import { absent, MAX_AGE_MS, Remembered, type Look } from './remembered.ts'

/** Options of {@link poshChecker}. */
export interface PoshOptions extends GuardedFetchOptions {
  /** Domains whose documents are remembered. Default 1000. */
  readonly maxDomains?: number
}

/** Asks a domain's web server about certificates. */
export interface PoshChecker {
  /** Whether the domain names this certificate; false also when there is nothing to fetch. */
  check(certificate: Uint8Array, domain: string, options: { readonly signal: AbortSignal }): Promise<boolean>
}

/** Makes a {@link PoshChecker}. Documents are kept for as long as they say, a day at most. */
export function poshChecker(options: PoshOptions = {}): PoshChecker {
  const fetcher = guardedFetch(options)
  const known = new Remembered<PoshDocument>(options.maxDomains)
  return {
    async check(certificate, domain, { signal }) {
      const document = await known.of(domain, () => look(fetcher, domain, signal))
      return document?.fingerprints.some(it => it.equals(hash('sha256', certificate, 'buffer'))) === true
    },
  }
}

async function look(fetcher: GuardedFetch, domain: string, signal: AbortSignal): ReturnType<Look<PoshDocument>> {
  let expiresMs = MAX_AGE_MS
  // A document may point to another one, and that one to no third (RFC 7711 §3.2).
  let url = `https://${domain}/.well-known/posh/xmpp-server.json`
  try {
    for (let hop = 0; hop < 2; hop++) {
      const document = readPosh(await fetcher(url, signal))
      expiresMs = Math.min(expiresMs, document.expiresMs)
      if (document.url === undefined) return { value: document, ms: expiresMs }
      url = document.url
    }
  } catch (cause) {
    if (signal.aborted) throw transportError(cause)
  }
  return absent
}
