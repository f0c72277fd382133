// JID Escaping of localparts, XEP-0106 1.1.1.

import { JidError } from './error.ts'

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
 * Escapes what a localpart may not hold, so that `unescapeLocal` gives it back. For names of people and of other systems,
 * once, never for what is a localpart already.
 *
 * @throws {JidError} `local-invalid`: a space begins or ends the name, and a localpart may not begin or end with `\20`;
 *   trimming it here would give two foreign names one address
 * @see XEP-0106 §3.2, §4
 */
export function escapeLocal(text: string): string {
  if (text.startsWith(' ') || text.endsWith(' ')) throw new JidError('local-invalid', 'local')
  return text.replace(TO_ESCAPE, character => ESCAPES[character]!)
}

/**
 * Undoes `escapeLocal` for people's eyes and for other systems; never for routing or comparing. Other sequences with a
 * backslash stay as they are.
 *
 * @see XEP-0106 §3.3, §4
 */
export function unescapeLocal(text: string): string {
  return text.replace(TO_UNESCAPE, escape => CHARACTERS.get(escape)!)
}
