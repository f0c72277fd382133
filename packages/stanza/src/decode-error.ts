// The refusal of a codec: which part of a payload is missing or malformed.

/** Why a part cannot be read: it is absent, its text is not of its type, or another element stands in its place. */
export type DecodeReason = 'missing' | 'malformed' | 'unexpected'

/**
 * Says which part of a payload cannot be read; the caller answers `<bad-request/>`.
 *
 * `path` leads from the payload to the part: `query/item/@jid`, `query/name`, `delay/text()`.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly path: string
  readonly reason: DecodeReason
  /** What the part should have been, in words for a person, like `a JID`. */
  readonly expected: string

  constructor(path: string, reason: DecodeReason, expected: string, options?: ErrorOptions) {
    super(reason === 'missing' ? `${path} is missing` : `${path} is not ${expected}`, options)
    this.path = path
    this.reason = reason
    this.expected = expected
  }
}

/** Runs `error` one level up: the same refusal, its path seen from the parent `segment`; other errors pass unchanged. */
export function under(segment: string, error: unknown): unknown {
  if (!(error instanceof DecodeError)) return error
  return new DecodeError(`${segment}/${error.path}`, error.reason, error.expected, { cause: error.cause })
}
