// JID Escaping of localparts, XEP-0106 1.1.1.

const ESCAPES: Readonly<Record<string, string>> = {
  ' ': '\\20',
  '"': '\\22',
  '&': '\\26',
  "'": '\\27',
  '/': '\\2f',
  ':': '\\3a',
  '<': '\\3c',
  '>': '\\3e',
  '@': '\\40',
  '\\': '\\5c',
}
const CHARACTERS = new Map(Object.entries(ESCAPES).map(([character, escape]) => [escape, character]))

// A backslash is escaped only where an escape would otherwise be read (XEP-0106 §4.1).
const TO_ESCAPE = /[ "&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g
const TO_UNESCAPE = /\\(?:20|22|26|27|2f|3a|3c|3e|40|5c)/g

/**
 * Escapes what a localpart may not hold, so that `unescapeLocal` gives it back. For names of people and other systems,
 * once, never for an address that is already one.
 *
 * Spaces at both ends are cut off, for an escaped localpart may not begin or end with `\20`.
 *
 * @see XEP-0106 §3.2, §4
 */
export function escapeLocal(text: string): string {
  return trimSpaces(text).replace(TO_ESCAPE, character => ESCAPES[character]!)
}

/**
 * Undoes `escapeLocal` for people's eyes and other systems; never for routing or comparing. Other sequences with a
 * backslash stay as they are.
 *
 * @see XEP-0106 §3.3, §4
 */
export function unescapeLocal(text: string): string {
  return text.replace(TO_UNESCAPE, escape => CHARACTERS.get(escape)!)
}

function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text[start] === ' ') start++
  while (end > start && text[end - 1] === ' ') end--
  return text.slice(start, end)
}
