// @tercet/jid: XMPP addresses, RFC 7622 and XEP-0106.

export { asDomain, domainIn } from './as-domain.ts'
export { JidError } from './error.ts'
export type { JidErrorCode, JidPart } from './error.ts'
export { escapeLocal, unescapeLocal } from './escape.ts'
export { BareJid, FullJid, Jid, isFull } from './jid.ts'
