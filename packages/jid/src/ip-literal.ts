// IPv6 literals in brackets, with or without a zone (RFC 3986 §3.2.2, RFC 6874 §2).

/**
 * Whether `text` is `[` IPv6address `]` or `[` IPv6address `%25` ZoneID `]`. IPvFuture is not: no version was ever
 * assigned, so nothing could be reached there.
 */
export function isIpLiteral(text: string): boolean {
  if (text.length > 255 || !text.startsWith('[') || !text.endsWith(']')) return false
  const inside = text.slice(1, -1)
  const zone = inside.indexOf('%')
  if (zone < 0) return isIPv6(inside)
  return isIPv6(inside.slice(0, zone)) && ZONE.test(inside.slice(zone))
}

const ZONE = /^%25(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+$/
const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/
const DECIMAL_OCTET = /^(?:0|[1-9][0-9]{0,2})$/

function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1) ?? ''
  const endsInIPv4 = last.includes('.') && text.endsWith(last)
  const hex = endsInIPv4 ? groups.slice(0, -1) : groups
  if (endsInIPv4 && !isIPv4(last)) return false
  if (!hex.every(group => HEX_GROUP.test(group))) return false
  const count = hex.length + (endsInIPv4 ? 2 : 0)
  return halves.length === 2 ? count <= 7 : count === 8
}

function isIPv4(text: string): boolean {
  const octets = text.split('.')
  return octets.length === 4 && octets.every(octet => DECIMAL_OCTET.test(octet) && Number(octet) <= 255)
}
