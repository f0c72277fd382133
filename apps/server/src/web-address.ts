/** Where the HTTP listener is seen from outside. */

import type { Config } from './config.ts'
import type { Listening } from './listeners.ts'

const HTTPS_PORT = 443

/** Scheme and authority for a domain; undefined where nobody listens. Without `http.url`, the domain with the first port of the listener. */
export function webAddressOf(
  { http, requireTls }: Pick<Config, 'http' | 'requireTls'>,
  listening: readonly Listening[],
): (domain: string) => string | undefined {
  const door = listening.find(({ option }) => option === 'http')
  return domain => {
    if (http.url !== undefined) return http.url
    if (!door) return undefined
    // Where clients need no TLS, in tests, their certificate is nobody's.
    const scheme = requireTls ? 'https' : 'http'
    const { origin } = new URL(`${scheme}://${domain}${door.at.port === HTTPS_PORT ? '' : `:${door.at.port}`}`)
    return origin
  }
}
