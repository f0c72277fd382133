/** Every bound of the gateway, with its default. */

/** Bounds. Durations in milliseconds. */
export interface GatewayLimits {
  /** Bytes of one first-level element that comes in, default 524,288 (`policy-violation`). */
  readonly stanzaBytes: number
  /** Elements inside of elements, default 100 (`policy-violation`). */
  readonly depth: number
  /** Stanzas that wait for one remote domain, sent ones that it has not confirmed included, default 10,000 (`resource-constraint`). */
  readonly queueStanzas: number
  /** Their characters, default 32 Mi. */
  readonly queueCharacters: number
  /** How long a stanza waits before its sender hears that it could not be delivered, default 300,000. */
  readonly queueMs: number
  /** Sent stanzas that a stream may have unconfirmed, default 1,000: as many may arrive twice after a crash. */
  readonly windowStanzas: number
  /** Their characters, default 4 Mi. */
  readonly windowCharacters: number
  /** Remote domains that have a stream, a queue or a failure to be remembered, default 20,000 (`resource-constraint`). */
  readonly domains: number
  /** Domain pairs that one stream may carry in a direction, default 200 (`resource-constraint`). */
  readonly pairsPerStream: number
  /** Streams that have not proven anything yet, default 1,000; what comes above is dropped. */
  readonly unproven: number
  /** Verifications of dialback keys under way, default 2,000 (`resource-constraint`). */
  readonly verifications: number
  /** Stanzas of one stream that wait for the disk before it is read no further, default 1,000. */
  readonly unhandled: number
  /** How long a stream may take to be negotiated, default 30,000 (`connection-timeout`). */
  readonly negotiationMs: number
  /** How long the peer may take to confirm, default 30,000 (`connection-timeout`). */
  readonly answerMs: number
  /** How long a stream whose connection was lost can be taken up again (XEP-0198 §5), default 60,000; 0: not at all. */
  readonly resumeMs: number
  /** Lost streams that are remembered for that, default 1,000; the oldest goes first. */
  readonly lostStreams: number
  /** Silence after which a stream is closed, default 600,000. */
  readonly idleMs: number
  /** Pause after the first failed attempt, default 1,000; doubled with each. */
  readonly retryMs: number
  /** Longest pause, default 60,000. */
  readonly maxRetryMs: number
  /** How long the end waits for what was sent to be confirmed, default 2,000: what is not comes twice. */
  readonly closeMs: number
  /** Characters that a peer does not read before it is cut off, default 16 Mi. */
  readonly unwrittenCharacters: number
}

/** The defaults. */
export const defaultGatewayLimits: GatewayLimits = {
  stanzaBytes: 524_288,
  depth: 100,
  queueStanzas: 10_000,
  queueCharacters: 32 * 1024 * 1024,
  queueMs: 300_000,
  windowStanzas: 1000,
  windowCharacters: 4 * 1024 * 1024,
  domains: 20_000,
  pairsPerStream: 200,
  unproven: 1000,
  verifications: 2000,
  unhandled: 1000,
  negotiationMs: 30_000,
  answerMs: 30_000,
  resumeMs: 60_000,
  lostStreams: 1000,
  idleMs: 600_000,
  retryMs: 1000,
  maxRetryMs: 60_000,
  closeMs: 2000,
  unwrittenCharacters: 16 * 1024 * 1024,
}
