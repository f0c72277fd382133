/** Every bound on components, with its default. */

/** Bounds. Durations in milliseconds. */
export interface ComponentLimits {
  /** Bytes of one first-level element, default 524,288 (`policy-violation`). */
  readonly stanzaBytes: number
  /** Elements inside of elements, default 100 (`policy-violation`). */
  readonly depth: number
  /** How long a connection may take to prove which component it is, default 30,000 (`connection-timeout`). */
  readonly loginMs: number
  /** Connections that have not proven anything yet, default 100; what comes above is dropped. */
  readonly unproven: number
  /** Characters that a component does not read before it is cut off, default 16 Mi (`resource-constraint`). */
  readonly unwrittenCharacters: number
  /** Stanzas that one component has not confirmed, default 10,000 (`resource-constraint`). */
  readonly queueStanzas: number
  /** Their characters, default 32 Mi. */
  readonly queueCharacters: number
  /** Stanzas of one component that wait for the disk before it is read no further, default 1,000. */
  readonly unhandled: number
  /** Silence after which a component is asked whether it is there, default 300,000. */
  readonly idleMs: number
  /** How long it may take to answer, default 30,000 (`connection-timeout`). */
  readonly answerMs: number
  /** How long what was taken for a component waits for it to come back, default 60,000 (`service-unavailable`). */
  readonly returnMs: number
  /** How long the end waits for what was sent to be confirmed, default 2,000: what is not comes twice. */
  readonly closeMs: number
}

/** The defaults. */
export const defaultComponentLimits: ComponentLimits = {
  stanzaBytes: 524_288,
  depth: 100,
  loginMs: 30_000,
  unproven: 100,
  unwrittenCharacters: 16 * 1024 * 1024,
  queueStanzas: 10_000,
  queueCharacters: 32 * 1024 * 1024,
  unhandled: 1000,
  idleMs: 300_000,
  answerMs: 30_000,
  returnMs: 60_000,
  closeMs: 2000,
}
