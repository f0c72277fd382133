/** What holds when the configuration is silent. */

import type { ListenAddress } from './address.ts'

/** Domain of a server without `[[host]]`. */
export const defaultDomain = 'localhost'

/** Data folder, relative to the folder of the configuration file, or to the working directory without one. */
export const defaultData = './data'

/** Where a server without `[listen]` listens: this machine alone. */
export const defaultListen: Readonly<
  Record<'c2s' | 'c2sTls' | 's2s' | 's2sTls' | 'http' | 'component', readonly ListenAddress[]>
> = {
  c2s: onLoopback(5222),
  c2sTls: onLoopback(5223),
  s2s: [],
  s2sTls: [],
  http: onLoopback(5280),
  component: [],
}

/** Rounds of PBKDF2 for new passwords. */
export const defaultIterations = 10_000

function onLoopback(port: number): ListenAddress[] {
  return [
    { address: '127.0.0.1', port },
    { address: '::1', port },
  ]
}
