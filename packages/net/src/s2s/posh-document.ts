/** The document that POSH fetches (RFC 7711 §3): fingerprints of certificates, or the address of another document. */

/** Its contents. */
export interface PoshDocument {
  /** SHA-256 of certificates. */
  readonly fingerprints: readonly Buffer[]
  /** Where the fingerprints are instead. */
  readonly url: string | undefined
  /** How long it may be believed. */
  readonly expiresMs: number
}

/** More fingerprints than this are not read. */
const MAX_FINGERPRINTS = 32

/** Reads a document. Fingerprints by other hashes are passed over. @throws {RangeError} it is none */
export function readPosh(text: string): PoshDocument {
  const document = object(parse(text))
  const { expires, url, fingerprints } = document
  if (typeof expires !== 'number' || !(expires >= 0)) throw new RangeError('POSH document without `expires`')
  const expiresMs = expires * 1000
  if (typeof url === 'string') {
    if (!url.startsWith('https://')) throw new RangeError('POSH reference that is not https')
    return { fingerprints: [], url, expiresMs }
  }
  if (!Array.isArray(fingerprints)) throw new RangeError('POSH document without `fingerprints`')
  const read = fingerprints.slice(0, MAX_FINGERPRINTS).flatMap((entry: unknown) => {
    const sha256 = object(entry)['sha-256']
    const bytes = typeof sha256 === 'string' ? Buffer.from(sha256, 'base64') : undefined
    return bytes?.length === 32 ? [bytes] : []
  })
  return { fingerprints: read, url: undefined, expiresMs }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RangeError('POSH document that is no JSON', { cause })
  }
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new RangeError('POSH document of another shape')
  return value as Record<string, unknown> // an object, so any key may be asked for
}
