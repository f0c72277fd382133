/** Documents of strangers' web servers: what a domain says of itself there is short, and not at our own doors. */
import { request } from 'node:https'
import { rootCertificates } from 'node:tls'
import { TransportError } from './error.ts'
import { guardedLookup, guardLiteral } from './guarded-lookup.ts'
import { isPublicAddress } from './public-address.ts'
import { dnsResolver, type Resolver } from './resolve.ts'

/** Options of {@link guardedFetch}. */
export interface GuardedFetchOptions {
  /** Default {@link dnsResolver} with the system's name servers. */
  readonly resolver?: Resolver
  /** Addresses that may be connected to. Default {@link isPublicAddress}. */
  readonly allow?: (address: string) => boolean
  /** Roots in addition to Node's, PEM. */
  readonly ca?: readonly string[]
  /** Default 443. */
  readonly port?: number
  /** One document. Default 10 000. */
  readonly timeoutMs?: number
}

/** Fetches one document. @throws {TransportError}, or what Node's request failed of */
export type GuardedFetch = (url: string, signal: AbortSignal) => Promise<string>

/** A longer document is not read. */
const MAX_BYTES = 65_536

/** Fetches by GET, follows no redirection, and believes the web server's certificate for the host of the address only. */
export function guardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { resolver = dnsResolver(), allow = isPublicAddress, ca = [], port = 443, timeoutMs = 10_000 } = options
  const lookup = guardedLookup(resolver, allow)
  return async (url, signal) => {
    guardLiteral(url, allow)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const asked = request(url, {
      lookup,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: { accept: 'application/json' },
      ...(port === 443 ? {} : { port }),
      ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] }),
    })
    asked.on('error', reject)
    asked.on('response', response => {
      const chunks: Buffer[] = []
      let size = 0
      if (response.statusCode !== 200) asked.destroy(new TransportError('not-found', `${url} does not exist`))
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > MAX_BYTES) asked.destroy(new TransportError('message-too-large', `${url} is too long`))
      })
      response.on('error', reject)
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    })
    asked.end()
    return promise
  }
}
