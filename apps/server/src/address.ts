/** Addresses to listen on, as the configuration writes them. */

import { isIP } from 'node:net'

/** One address and port. */
export interface ListenAddress {
  /** An IP address or a name; undefined: all interfaces. */
  readonly address: string | undefined
  /** 0 takes a free one. */
  readonly port: number
}

/** Reads `address:port`, with IPv6 in brackets and `*` for all interfaces; undefined: it is none. */
export function parseAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|(\*)|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text)
  if (!match) return undefined
  const [, ipv6, all, name] = match
  const port = Number(match[4])
  if (port > 65_535 || (ipv6 !== undefined && isIP(ipv6) !== 6)) return undefined
  // A name of digits and dots alone is meant to be an address.
  if (name !== undefined && /^[\d.]+$/.test(name) && isIP(name) !== 4) return undefined
  return { address: all === undefined ? (ipv6 ?? name) : undefined, port }
}

/** The text that {@link parseAddress} reads. */
export function formatAddress({ address, port }: ListenAddress): string {
  if (address === undefined) return `*:${port}`
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Whether only this machine can reach it. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\..*|localhost)$/.test(address)
}
