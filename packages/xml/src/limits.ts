/** Bounds on what one first-level element may cost; exceeding one is `<policy-violation/>` (RFC 6120 §13.12, XEP-0205). */

/** Each limit is checked while reading, before a tree is built. */
export interface Limits {
  /** Raw bytes of a first-level element, from its `<` to its last `>`; also of a stream header. Default 262 144. */
  readonly maxBytes?: number
  /** Nesting of elements, the first-level element being 1. Default 100. */
  readonly maxDepth?: number
  /** Attributes of one element, namespace declarations included. Default 100. */
  readonly maxAttributes?: number
  /** Bytes of one name, prefix included. Default 512. */
  readonly maxNameBytes?: number
  /** Namespace declarations in scope at one place. Default 64. */
  readonly maxNamespaces?: number
}

export const DEFAULT_LIMITS: Required<Limits> = {
  maxBytes: 262_144,
  maxDepth: 100,
  maxAttributes: 100,
  maxNameBytes: 512,
  maxNamespaces: 64,
}

export function completeLimits(limits: Limits | undefined): Required<Limits> {
  return limits === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...limits }
}
