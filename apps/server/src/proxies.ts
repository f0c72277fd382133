/** Reverse proxies that are believed: who their clients are, and whether those came over TLS. Nobody else is. */

import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Addresses of one proxy, or of many: `192.0.2.1`, `10.0.0.0/8`, `fd00::/8`. */
export interface AddressRange {
  readonly address: string
  readonly bits: number
}

/** Reads an address or a range; undefined: it is neither. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  if (family === 0 || more.length > 0) return undefined
  if (bits === undefined) return { address, bits: most }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return undefined
  return { address, bits: Number(bits) }
}

/** Whether `address` is in one of the ranges; IPv4 counts as such in its IPv6 spelling too. */
export function rangeTest(ranges: readonly AddressRange[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, bits } of ranges) list.addSubnet(address, bits, isIP(address) === 4 ? 'ipv4' : 'ipv6')
  return address => {
    const plain = plainAddress(address)
    const family = isIP(plain)
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** The end of a connection that a request came over, or came over in the end. */
export interface Client {
  readonly address: string
  readonly port: number
  /** From the client on, as far as we or a trusted proxy know. */
  readonly encrypted: boolean
  /** Whether a trusted proxy stands between. */
  readonly proxied: boolean
}

/**
 * Who sends a request. Its `X-Forwarded-*` are read if the connection comes from a trusted proxy: proxies append the address that they
 * see to `X-Forwarded-For`, so the last one that is no proxy of ours is the client, and what stands before it is the client's own talk.
 */
export function clientOf(request: IncomingMessage, encrypted: boolean, trusts: (address: string) => boolean): Client {
  const { remoteAddress = '', remotePort = 0 } = request.socket
  const peer = plainAddress(remoteAddress)
  if (!trusts(peer)) return { address: peer, port: remotePort, encrypted, proxied: false }
  const chain = listOf(request.headers['x-forwarded-for'])
  let client = peer
  for (const entry of chain.reverse()) {
    const address = addressOf(entry)
    if (address === undefined) break
    client = address
    if (!trusts(address)) break
  }
  const schemes = listOf(request.headers['x-forwarded-proto'])
  return {
    address: client,
    port: client === peer ? remotePort : 0,
    // One that was not encrypted on one of its ways was not encrypted.
    encrypted: schemes.length > 0 ? schemes.every(scheme => scheme.toLowerCase() === 'https') : encrypted,
    proxied: true,
  }
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
}

/** Some proxies write the port too. */
function addressOf(entry: string): string | undefined {
  const [, bracketed, ipv4] = /^(?:\[([\da-fA-F:.]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(entry) ?? []
  const address = plainAddress(bracketed ?? ipv4 ?? entry)
  return isIP(address) === 0 ? undefined : address
}

function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
