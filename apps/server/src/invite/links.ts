/** The addresses of invitations, and the one that a server without accounts begins with. */

import type { Server } from '@tercet/server'
import { invites } from '@tercet/server/modules'
import { formatAddress, isLoopback, type ListenAddress } from '../address.ts'
import { hasNoAccount } from '../operations/account.ts'
import { PREFIX } from './routes.ts'

const FIRST_LIFETIME_MS = 24 * 3_600_000

/** Where people find the pages from outside. */
export interface Outside {
  /** Where the HTTP listener is seen: `https://chat.example.org`. Default: the address that it listens at. */
  readonly url: string | undefined
  /** Where it listens. */
  readonly at: ListenAddress | undefined
}

/** Lets the hosts of a server tell where the pages of their invitations are. */
export function linkInvites(server: Server, { url, at }: Outside): void {
  for (const host of server.hosts.values()) {
    const base = url?.replace(/\/+$/, '') ?? (at && at.port !== 0 ? origin(at, host.domain) : undefined)
    if (base !== undefined) host.services.get(invites).page = token => `${base}${PREFIX}${token}`
  }
}

/** The host of the first account, and an invitation to make it; undefined once there is one. */
export async function firstInvite(server: Server): Promise<{ domain: string; link: string | undefined } | undefined> {
  const [host] = server.hosts.values()
  if (!host || !(await hasNoAccount(server))) return undefined
  const made = host.services.get(invites)
  const unit = server.storage.unit()
  const { token } = await made.create({ account: true, first: true, lifetimeMs: FIRST_LIFETIME_MS }, { unit })
  await unit.commit()
  return { domain: host.domain, link: made.page?.(token) }
}

/** Where a browser finds a listener: without TLS on this machine, with TLS from elsewhere. */
function origin({ address, port }: ListenAddress, domain: string): string {
  if (address === undefined || address === '::' || address === '0.0.0.0') return `https://${domain}:${port}`
  return `${isLoopback(address) ? 'http' : 'https'}://${formatAddress({ address, port })}`
}
