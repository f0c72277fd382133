/** How many accounts one address may make in an hour. */

import type { Host } from '../host.ts'

const HOUR_MS = 3_600_000
/** Addresses that are remembered; beyond that the oldest is forgotten. */
const MAX_ADDRESSES = 10_000

/** Counts by address; of IPv6 the first 64 bits, which is what one customer has. */
export class RegistrationLimit {
  readonly #host: Host
  readonly #perHour: number
  /** When each one was made, in milliseconds of the wheel. */
  readonly #made = new Map<string, number[]>()

  constructor(host: Host, perHour: number) {
    this.#host = host
    this.#perHour = perHour
  }

  /** Takes one of the address's; false when there is none left. What does not become an account is {@link giveBack given back}. */
  take(address: string): boolean {
    const { now } = this.#host.server.wheel
    const key = networkOf(address)
    const made = (this.#made.get(key) ?? []).filter(at => now - at < HOUR_MS)
    if (made.length >= this.#perHour) return false
    this.#made.delete(key)
    this.#made.set(key, [...made, now])
    const oldest = this.#made.keys().next().value
    if (oldest !== undefined && this.#made.size > MAX_ADDRESSES) this.#made.delete(oldest)
    return true
  }

  giveBack(address: string): void {
    this.#made.get(networkOf(address))?.pop()
  }
}

/** The address of IPv4, the network of IPv6. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [start = '', end] = address.split('::')
  const before = start === '' ? [] : start.split(':')
  const after = end === undefined || end === '' ? [] : end.split(':')
  const zeros =
    end === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  const groups = [...before, ...zeros, ...after].slice(0, 4)
  return groups.map(group => parseInt(group, 16).toString(16)).join(':') + '::/64'
}
