/** The numbers of stream management, which begin anew at 2^32 (XEP-0198 1.6.3 §4). */

/** Whether `a` comes before `b`, both of the last 2^31. */
export function isBefore(a: number, b: number): boolean {
  return (a - b) >>> 0 > 0x7fff_ffff
}
