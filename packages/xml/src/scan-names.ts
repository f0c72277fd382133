/** Names and namespaces as bytes: exact comparison, and one shared string for each that is common. */
import { KNOWN } from './known.table.ts'
import { CONTENT, STREAMS, XML_NS, XMLNS_NS } from './ns.ts'

/** True when the bytes are exactly the ASCII text. */
export function sameBytes(b: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let i = start, k = 0; i < end; i++, k++) if (b[i] !== text.charCodeAt(k)) return false
  return true
}

/**
 * May the scan pass `xmlns` with this value below the root? Never a content namespace or that of streams, which writers and
 * readers translate; but below a foreign element `jabber:client` is what every stream writes out (XEP-0297 §3.2).
 */
export function isLegalDefault(b: Uint8Array, start: number, end: number, foreignParent: boolean): boolean {
  const first = b[start]!
  if (first === 0x6a) {
    if (sameBytes(b, start, end, CONTENT)) return foreignParent
    return (
      !sameBytes(b, start, end, 'jabber:server') &&
      !sameBytes(b, start, end, 'jabber:component:accept') &&
      !sameBytes(b, start, end, 'jabber:component:connect')
    )
  }
  if (first !== 0x68) return true
  return !sameBytes(b, start, end, STREAMS) && !sameBytes(b, start, end, XML_NS) && !sameBytes(b, start, end, XMLNS_NS)
}

const SLOTS = 4096
const slots = new Array<string | undefined>(SLOTS).fill(undefined)
for (const name of KNOWN) {
  const bytes = new TextEncoder().encode(name)
  slots[slot(bytes, 0, bytes.length)] ??= name
}

/** The factors were searched for, so that no two of the common names meet. */
function slot(b: Uint8Array, start: number, end: number): number {
  const length = end - start
  const third = length > 2 ? b[end - 3]! : 0
  const middle = b[start + (length >> 1)]!
  return (length * 889 + b[start]! * 601 + middle * 1379 + third * 1653 + b[end - 1]! * 329) & (SLOTS - 1)
}

/** The shared string equal to these bytes, or undefined when the name is not a common one. */
export function known(b: Uint8Array, start: number, end: number): string | undefined {
  const name = slots[slot(b, start, end)]
  return name !== undefined && sameBytes(b, start, end, name) ? name : undefined
}
