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

/** The same refusal seen from elsewhere: `path` turns its path into the new one; other errors pass unchanged. */
export function relocated(error: unknown, path: (old: string) => string): unknown {
  if (!(error instanceof DecodeError)) return error
  const options = error.cause === undefined ? undefined : { cause: error.cause }
  return new DecodeError(path(error.path), error.reason, error.expected, options)
}

/** The same refusal seen from the parent, `segment`. */
export function under(segment: string, error: unknown): unknown {
  return relocated(error, path => `${segment}/${path}`)
}
