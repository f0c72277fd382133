/** Finds stanzas in what arrives by one byte each: every stanza of a load has exactly one tilde, and nothing else that servers send has any. */

/** Stands once in each stanza. */
export const MARK = '~'
const MARK_BYTE = 0x7e

/** Stanzas in a chunk. */
export function countMarks(chunk: Buffer): number {
  let count = 0
  for (let at = chunk.indexOf(MARK_BYTE); at !== -1; at = chunk.indexOf(MARK_BYTE, at + 1)) count++
  return count
}
