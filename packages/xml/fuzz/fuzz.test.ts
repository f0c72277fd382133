/** A short run of the differential fuzz; the long one is `run.ts`. */
import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

test('scan, sax and saxes read 20,000 mutants alike or refuse them (RFC 6120 §11)', { timeout: 120_000 }, () => {
  const { unsound, stricter, accepted, handed, refused } = fuzz(20_000, 1)
  expect(unsound).toEqual([])
  expect(stricter).toBe(0)
  // The mutants must keep reaching every path.
  expect(Math.min(accepted, handed, refused)).toBeGreaterThan(1000)
})
