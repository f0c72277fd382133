// The order of UTF-8 octets (`i;octet`, RFC 4790 §9.3), by which hashes of capabilities sort.

/** Order of the UTF-8 octets, which is that of the code points, not of JavaScript's units. */
export function octets(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
  }
  return a.length - b.length
}

/** A unit's place among the octets: surrogates, which stand for U+10000 and above, come last. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
