/** Where a peer comes from, as coarse as one customer's line: what limits of strangers are counted by. */

/** An IPv4 address as it is, of an IPv6 address the first 64 bits: whoever has one address there has them all (RFC 6177 §2). */
export function networkOf(address: string): string {
  const text = address.split('%', 1)[0]!.toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (mapped) return mapped[1]!
  if (!text.includes(':')) return text
  const [front = '', back] = text.split('::', 2)
  const groups = front === '' ? [] : front.split(':')
  if (back !== undefined) {
    const rest = back === '' ? [] : back.split(':')
    // An IPv4 address at the end takes the place of two groups.
    const size = rest.length + (back.includes('.') ? 1 : 0)
    while (groups.length + size < 8) groups.push('0')
    groups.push(...rest)
  }
  const first = groups.slice(0, 4).map(group => Number.parseInt(group, 16).toString(16))
  return `${first.join(':')}::/64`
}
