/** People without an account (SASL ANONYMOUS, RFC 4505; XEP-0175 1.2): each gets one for as long as the stream or session lasts. */

import type { BareJid } from '@tercet/jid'
import { SaslError } from '@tercet/sasl'
import type { Table, Unit } from '@tercet/storage'
import type { Stream } from '@tercet/stream'
import type { Host } from './host.ts'
import { networkOf } from './network.ts'
import { removeAccount } from './removal.ts'

/** How many guests there may be at a time. */
export interface GuestBounds {
  readonly max: number
  /** From one address of IPv4, or one network of 64 bits of IPv6. */
  readonly perAddress: number
}

/** A guest who was there: what is left of one after a crash is found by it. */
const TABLE = 'guests'

/** The guests of one host. Each one's localpart is in `Accounts.guests` while it is here. */
export class Guests {
  readonly #host: Host
  readonly #bounds: GuestBounds
  readonly #byStream = new Map<Stream, { readonly local: string; readonly network: string }>()
  readonly #perNetwork = new Map<string, number>()
  readonly #table: Table<number>

  constructor(host: Host, bounds: GuestBounds) {
    this.#host = host
    this.#bounds = bounds
    this.#table = host.table<number>(TABLE)
  }

  /**
   * A new name, which nobody can guess and nobody else can have (128 random bits).
   *
   * @throws {SaslError} `temporary-auth-failure`: there are as many as there may be
   */
  admit(stream: Stream): string {
    const { accounts, server } = this.#host
    const network = networkOf(stream.transport.remote.address)
    const here = this.#perNetwork.get(network) ?? 0
    if (accounts.guests.size >= this.#bounds.max || here >= this.#bounds.perAddress || this.#byStream.has(stream)) {
      throw new SaslError('temporary-auth-failure', { text: 'There are too many guests; try again later' })
    }
    const local = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex')
    accounts.guests.add(local)
    this.#byStream.set(stream, { local, network })
    this.#perNetwork.set(network, here + 1)
    // Not waited for: whatever is stored for the guest is committed behind it.
    const unit = server.storage.unit()
    this.#table.put(unit, this.#host.domain, local, '', Date.now())
    unit.commit().catch(this.#host.bug)
    return local
  }

  /** A stream is over, and its guest with it: a session of a guest cannot be resumed, since nobody could prove to be the same one. */
  gone(stream: Stream): void {
    const guest = this.#byStream.get(stream)
    if (!guest) return
    this.#byStream.delete(stream)
    const left = (this.#perNetwork.get(guest.network) ?? 1) - 1
    if (left > 0) this.#perNetwork.set(guest.network, left)
    else this.#perNetwork.delete(guest.network)
    void removeAccount(this.#host, guest.local).catch(this.#host.bug)
  }
}

/** Forgets guests that a crash has left; runs once, after the start. */
export async function forgetGuests(host: Host): Promise<void> {
  for await (const local of host.table<number>(TABLE).owners(host.domain)) {
    if (host.scope.signal.aborted) return
    if (host.accounts.guests.has(local)) continue
    host.accounts.guests.add(local)
    await removeAccount(host, local)
  }
}

/** Whether an address is a guest's here. */
export function isGuest(host: Host, jid: BareJid): boolean {
  return host.accounts.guests.has(jid.local)
}

/** The last of what is stored for a guest; for `accountRemoved`. */
export function forgetGuest(host: Host, local: string, unit: Unit): void {
  host.table<number>(TABLE).clear(unit, host.domain, local)
}
