/** Versions in stream headers (RFC 6120 §4.7.5). */

/** A version as two integers: 1.10 is above 1.9, and leading zeros do not count. */
export interface Version {
  readonly major: number
  readonly minor: number
}

/** Undefined when the attribute is absent or not `digits.digits`: such a peer counts as version 0.9. */
export function parseVersion(text: string | undefined): Version | undefined {
  const match = text === undefined ? null : /^(\d{1,9})\.(\d{1,9})$/.exec(text)
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined
}
