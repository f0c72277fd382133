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
  /** Open registration (XEP-0077). */
  readonly register?: string
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
] as const satisfies readonly (keyof ServerNeeds)[]

/** What a server is started with. */
export interface LaunchOptions {
  readonly needs: Readonly<Record<string, string>>
  /** Bare addresses that exist from the start. */
  readonly accounts: readonly string[]
  readonly password: string
  readonly certificateFile: string
  readonly keyFile: string
}

/** A server that plays are performed on. */
export interface ServerUnderTest {
  readonly house: Stagehouse
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server and waits until it listens. */
export type Launch = (options: LaunchOptions) => Promise<ServerUnderTest>
