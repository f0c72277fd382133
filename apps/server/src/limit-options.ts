/** The `[limits]` of the configuration: what each is called there, and what it may be. */

import { defaultLimits, type Limits } from '@tercet/server'

/** One limit in the configuration. */
export interface LimitOption {
  readonly key: string
  readonly least: number
  /** What one unit of the option is in the server's limits: 1000 turns seconds into milliseconds. Default 1. */
  readonly scale?: number
}

/** Every limit of the server but those of logging in, which are in `[c2s]`. */
export const limitOptions: Readonly<Record<Exclude<keyof Limits, 'loginMs' | 'loginFailures'>, LimitOption>> = {
  // RFC 6120 §13.12 wants 10,000 at least.
  stanzaBytes: { key: 'stanza_bytes', least: 10_000 },
  depth: { key: 'depth', least: 10 },
  sessionsPerAccount: { key: 'sessions_per_account', least: 1 },
  accountQueue: { key: 'account_queue', least: 1 },
  offlineMessages: { key: 'offline_messages', least: 0 },
  maxUnconfirmed: { key: 'unacknowledged', least: 1 },
  maxUnconfirmedCharacters: { key: 'unacknowledged_characters', least: 10_000 },
  unwrittenCharacters: { key: 'outbox_characters', least: 10_000 },
  storageBacklog: { key: 'storage_backlog', least: 1 },
  idleMs: { key: 'idle_seconds', least: 1, scale: 1000 },
  answerMs: { key: 'answer_seconds', least: 1, scale: 1000 },
  resumeMs: { key: 'resume_seconds', least: 0, scale: 1000 },
}

/** Limits of the server from the options that were given, by key. */
export function toLimits(given: Readonly<Record<string, number | undefined>>): Partial<Limits> {
  const limits: Partial<Record<keyof Limits, number>> = {}
  for (const [name, { key, scale = 1 }] of Object.entries(limitOptions)) {
    const value = given[key]
    // The keys of limitOptions are those of Limits.
    if (value !== undefined) limits[name as keyof Limits] = value * scale
  }
  return limits
}

/** What an option is when it is not given. */
export function defaultOf(name: keyof typeof limitOptions): number {
  return defaultLimits[name] / (limitOptions[name].scale ?? 1)
}
