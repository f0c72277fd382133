/** What a gateway is made of. */

import type { Logger } from '@tercet/plugin'
import type { Storage } from '@tercet/storage'
import type { FlushList } from '@tercet/stream'
import type { GatewayLimits } from './limits.ts'
import type { PolicyOptions } from './policy.ts'
import type { Dialer, Receiver, TlsPort, Verifier } from './ports.ts'

/** What a gateway is made of. */
export interface GatewayOptions {
  /** Whether a prepared domain is served here: it never leaves (RFC 6120 §10.5). */
  isLocal(domain: string): boolean
  readonly dialer: Dialer
  readonly verifier: Verifier
  readonly receiver: Receiver
  /** For STARTTLS; undefined: there is none, so that the dialer has to encrypt. */
  readonly tls?: TlsPort | undefined
  /** Where stanzas survive that must not be lost; undefined: nowhere. */
  readonly storage?: Storage | undefined
  /** Known to all nodes that speak for the same domains, and to nobody else (XEP-0185 §2); default: random, which one process does with. */
  readonly secret?: string | undefined
  readonly policy?: PolicyOptions
  readonly limits?: Partial<GatewayLimits>
  /** Use streams in both directions (XEP-0288), default true. */
  readonly bidi?: boolean
  /** Share it with the server, so that what one chunk causes leaves in one write. Default: its own. */
  readonly flushList?: FlushList
  readonly logger?: Logger
  /** Ids of spooled stanzas, growing; default: its own. */
  readonly newId?: () => string
  readonly framing?: 'scan' | 'sax'
}
