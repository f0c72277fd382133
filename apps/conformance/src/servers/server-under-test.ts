/** What the plays need of a server, whoever made it. */
import type { Stagehouse } from '@tercet/testkit'

/** What a play's `server` line may ask for; each server translates it into its own configuration. */
interface ServerNeeds {
  /** Nothing but STARTTLS before TLS. Default false. */
  readonly 'require-tls'?: string
  /** Seconds that a connection may take to authenticate. */
  readonly 'login-seconds'?: string
  /** Greatest stanza in bytes, 10 000 or more. */
  readonly 'stanza-bytes'?: string
  /** Attempts to authenticate before the stream is closed. */
  readonly 'sasl-attempts'?: string
  /** Sessions that one account may have. */
  readonly 'sessions-per-account'?: string
  /** Offline messages that one account may have. */
  readonly 'offline-messages'?: string
  /** Seconds that a lost stream can be resumed. */
  readonly 'resume-seconds'?: string
  /** Certificates of clients count, and are asked for. */
  readonly 'client-certificates'?: string
  /** People may come without an account. */
  readonly anonymous?: string
  /** Open registration (XEP-0077). */
  readonly register?: string
  /** Talk to other servers; any play with one in its cast has it. */
  readonly federation?: string
  /** Nothing but STARTTLS before TLS, between servers. Default false. */
  readonly 's2s-require-tls'?: string
  /** `certificate`: dialback is not enough. */
  readonly 's2s-authentication'?: string
  /** How long stanzas for a server that cannot be reached may wait. */
  readonly 'retry-seconds'?: string
  /** How many of them. */
  readonly 'queue-stanzas'?: string
  /** Silence after which a stream between servers is closed. */
  readonly 'idle-seconds'?: string
  /** How long another server has to confirm what it was sent. */
  readonly 'answer-seconds'?: string
  /** `_xmpp-server`, `_xmpps-server`: other servers are found by such SRV records, where it was told their ports else. */
  readonly 'found-by'?: string
  /** Connect to addresses that are not public. Default true, since plays live on loopback. */
  readonly 'private-addresses'?: string
}

/** Names that a `server` line may use. */
export const needNames = [
  'require-tls',
  'login-seconds',
  'stanza-bytes',
  'sasl-attempts',
  'sessions-per-account',
  'offline-messages',
  'resume-seconds',
  'register',
  'client-certificates',
  'anonymous',
  'federation',
  's2s-require-tls',
  's2s-authentication',
  'retry-seconds',
  'queue-stanzas',
  'idle-seconds',
  'answer-seconds',
  'found-by',
  'private-addresses',
] as const satisfies readonly (keyof ServerNeeds)[]

/** What a server is started with. */
export interface LaunchOptions {
  readonly needs: Readonly<Record<string, string>>
  /** Bare addresses that exist from the start. */
  readonly accounts: readonly string[]
  readonly password: string
  readonly certificateFile: string
  readonly keyFile: string
  /** Roots of certificates of clients. */
  readonly clientCaFile?: string
  /** The authority that other servers' certificates come from. */
  readonly caFile?: string
  /** Ports on 127.0.0.1 of other servers, by domain. */
  readonly remotes?: ReadonlyMap<string, number>
  /** Domains of external components; their secret is the password. */
  readonly components?: readonly string[]
}

/** A server that plays are performed on. */
export interface ServerUnderTest {
  readonly house: Stagehouse
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server and waits until it listens. */
export type Launch = (options: LaunchOptions) => Promise<ServerUnderTest>
