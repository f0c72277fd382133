/** Domains as peers and people write them. */

import { BareJid } from './jid.ts'

/** The prepared form of a domain; undefined: it is none. */
export function asDomain(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  try {
    const jid = BareJid.parse(text)
    return jid.local === '' ? jid.text : undefined
  } catch {
    return undefined
  }
}

/** The domain of an address that need not be one otherwise: what stands between the first `@` and the first `/` (RFC 7622 §3.1). */
export function domainIn(address: string): string | undefined {
  const slash = address.indexOf('/')
  const bare = slash < 0 ? address : address.slice(0, slash)
  return asDomain(bare.slice(bare.indexOf('@') + 1))
}
