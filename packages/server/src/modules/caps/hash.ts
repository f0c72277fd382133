/** Hashes of what somebody can do, as XEP-0115 §5 and XEP-0390 §5.1 make them. */

import { createHash } from 'node:crypto'
import * as legacy from '@tercet/stanza/caps'
import * as ecaps2 from '@tercet/stanza/ecaps2'
import type { DiscoInfo } from '@tercet/stanza/disco'

/** Functions by the names of XEP-0300, as Node calls them; those of XEP-0390 in the order in which they are believed. */
const functions: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha3-256', 'sha3-256'],
  ['sha-512', 'sha512'],
  ['sha3-512', 'sha3-512'],
])

/** Functions whose hashes of XEP-0115 are believed; SHA-1 is what everybody uses there (§5.1). */
const legacyFunctions: ReadonlyMap<string, string> = new Map([['sha-1', 'sha1'], ...functions])

/** Whether hashes of `algo` can be checked. */
export function isKnown(algo: string, form: 'legacy' | 'ecaps2'): boolean {
  return (form === 'legacy' ? legacyFunctions : functions).has(algo)
}

/**
 * The `ver` of an answer, with SHA-1 unless `algo` says otherwise (XEP-0115 §5.1); undefined for an answer that proves nothing.
 *
 * An answer is believed for everybody who has the same `ver`: only if this hash of it is that `ver` (§5.4, §8.2).
 */
export function capsHash(info: DiscoInfo, algo = 'sha-1'): string | undefined {
  return digest(legacy.verificationText(info), legacyFunctions.get(algo))
}

/** The hash of an answer after XEP-0390 §5.1; undefined for an answer that has none, or an unknown function. */
export function ecaps2Hash(info: DiscoInfo, algo = 'sha-256'): string | undefined {
  return digest(ecaps2.verificationText(info), functions.get(algo))
}

function digest(text: string | undefined, algorithm: string | undefined): string | undefined {
  if (text === undefined || algorithm === undefined) return undefined
  return createHash(algorithm).update(text, 'utf8').digest('base64')
}
