/** Node's own name lookups through our resolver and our guard, for connections that Node makes for us (HTTPS, WebSockets). */
import { isIP, type LookupFunction } from 'node:net'
import { TransportError, transportError } from './error.ts'
import type { Resolver } from './resolve.ts'

/** A `lookup` for Node's sockets that finds the allowed addresses only. Node asks it for names, never for literal addresses. */
export function guardedLookup(
  resolver: Pick<Resolver, 'addresses'>,
  allow: (address: string) => boolean,
): LookupFunction {
  return (host, options, callback) => {
    resolver.addresses(host).then(
      found => {
        const allowed = found.filter(({ address }) => allow(address))
        const [first] = allowed
        if (first === undefined) callback(new TransportError('not-found', `${host} has no address to connect to`), '')
        else if (options.all === true) callback(null, allowed.slice())
        else callback(null, first.address, first.family)
      },
      (cause: unknown) => callback(transportError(cause), ''),
    )
  }
}

/** Refuses a URL that names an address outright which may not be connected to. @throws {TransportError} `not-found` */
export function guardLiteral(url: string, allow: (address: string) => boolean): void {
  const host = URL.parse(url)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''
  if (isIP(host) !== 0 && !allow(host))
    throw new TransportError('not-found', `${host} is no address that may be connected to`)
}
