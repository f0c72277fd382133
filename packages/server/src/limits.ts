/** Every bound of the server, with its default and the error that answers whoever goes over it. */

import type { OutboxLimits } from '@tercet/stream'

/** Bounds of one host. Durations in milliseconds. */
export interface Limits extends OutboxLimits {
  /** Bytes of one first-level element, default 262,144 (`policy-violation`). */
  readonly stanzaBytes: number
  /** Elements inside of elements, default 100 (`policy-violation`). */
  readonly depth: number
  /** Sessions of an account, default 50 (`resource-constraint` when binding). */
  readonly sessionsPerAccount: number
  /** Stanzas that wait for an account whose queue is busy, default 1,000 (`resource-constraint`). */
  readonly accountQueue: number
  /** Messages kept for an account that nobody takes, default 1,000 (`service-unavailable`). */
  readonly offlineMessages: number
  /** Unconfirmed stanzas of a session under stream management, default 5,000 (the session ends). */
  readonly maxUnconfirmed: number
  /** Their characters, default 16 Mi. */
  readonly maxUnconfirmedCharacters: number
  /** Characters that a peer does not read before it is cut off, default 8 Mi (`resource-constraint`); from an eighth on it is not read either. */
  readonly unwrittenCharacters: number
  /** Rows that wait for the disk before stanzas that need it are refused, default 100,000 (`resource-constraint`). */
  readonly storageBacklog: number
  /** Silence after which a peer is asked whether it is there, default 300,000. */
  readonly idleMs: number
  /** How long it has to answer, default 60,000 (`connection-timeout`). */
  readonly answerMs: number
  /** How long a session without a stream can be resumed, default 600,000. */
  readonly resumeMs: number
  /** How long a stream may take to bind a resource, default 30,000 (`connection-timeout`). */
  readonly loginMs: number
  /** Failed logins on one connection, default 5 (`policy-violation`). */
  readonly loginFailures: number
}

/** The defaults. */
export const defaultLimits: Limits = {
  stanzaBytes: 262_144,
  depth: 100,
  sessionsPerAccount: 50,
  accountQueue: 1000,
  offlineMessages: 1000,
  maxUnconfirmed: 5000,
  maxUnconfirmedCharacters: 16 * 1024 * 1024,
  unwrittenCharacters: 8 * 1024 * 1024,
  storageBacklog: 100_000,
  idleMs: 300_000,
  answerMs: 60_000,
  resumeMs: 600_000,
  loginMs: 30_000,
  loginFailures: 5,
}
