/** The ways in which two servers can come to believe each other; each server serves one domain for each of them. */

/**
 * - `external`: STARTTLS, a certificate of the authority, SASL EXTERNAL (XEP-0178)
 * - `dialback`: STARTTLS, a self-signed certificate, server dialback (XEP-0220)
 * - `pinned`: STARTTLS, a self-signed certificate whose fingerprint the other side knows, as far as it can
 * - `direct`: TLS from the first byte (XEP-0368), a certificate of the authority
 */
export type Kind = 'external' | 'dialback' | 'pinned' | 'direct'

export const kinds: readonly Kind[] = ['external', 'dialback', 'pinned', 'direct']

/** Names of servers; also the middle of their domains. */
export type ServerName = 'prosody' | 'ejabberd' | 'tercet' | 'twin'

export const serverNames: readonly ServerName[] = ['prosody', 'ejabberd', 'tercet', 'twin']

/** Whether a domain's certificate is signed by itself rather than by the authority. */
export function isSelfMade(kind: Kind): boolean {
  return kind === 'dialback' || kind === 'pinned'
}

/** A served domain; `.example` is nobody's (RFC 2606), and no resolver of ours thinks that it knows better. */
export function domainOf(kind: Kind, server: ServerName): string {
  return `${kind}.${server}.example`
}

/** Whether a server has rooms below each of its domains; ours does not yet. */
export function hasRooms(server: ServerName): boolean {
  return server === 'prosody' || server === 'ejabberd'
}

/** The rooms of a domain. */
export function roomsOf(kind: Kind, server: ServerName): string {
  return `rooms.${domainOf(kind, server)}`
}
