// Types of attribute values and texts: string, int, bool, jid, dateTime (XEP-0082 1.1.1), base64, oneOf.
import { type FullJid, Jid, isFull } from '@tercet/jid'

/** How a value is spelled in an attribute or a text. */
export interface Scalar<T> {
  /** What it is, in words for a person, like `a JID`. */
  readonly is: string
  /** The value, or `undefined` when `text` does not spell one. */
  read(text: string): T | undefined
  write(value: T): string
}

/** Any text, kept as it is. */
export const string: Scalar<string> = { is: 'text', read: text => text, write: text => text }

/** A whole number between `min` and `max`, both included; white space around it is ignored. */
export function between(min: number, max: number): Scalar<number> {
  return {
    is: `a whole number from ${min} to ${max}`,
    read(text) {
      const trimmed = text.trim()
      if (!/^[+-]?[0-9]{1,32}$/.test(trimmed)) return undefined
      const value = Number(trimmed)
      // `+ 0` turns the -0 of '-0' into 0.
      return value >= min && value <= max ? value + 0 : undefined
    },
    write: value => String(value),
  }
}

/** A whole number that a JavaScript number holds exactly. */
export const int: Scalar<number> = between(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

/** An unsigned 32-bit number, as in the counters of XEP-0198. */
export const uint32: Scalar<number> = between(0, 4_294_967_295)

/** `true`, `1`, `false` or `0`; written as a word. */
export const bool: Scalar<boolean> = {
  is: 'true or false',
  read(text) {
    const word = text.trim()
    if (word === 'true' || word === '1') return true
    if (word === 'false' || word === '0') return false
    return undefined
  },
  write: value => (value ? 'true' : 'false'),
}

/** An XMPP address, prepared (RFC 7622). */
export const jid: Scalar<Jid> = {
  is: 'a JID',
  read(text) {
    try {
      return Jid.parse(text)
    } catch {
      return undefined
    }
  },
  write: value => value.text,
}

/** An address with a resource. */
export const fullJid: Scalar<FullJid> = {
  is: 'a full JID',
  read(text) {
    const address = jid.read(text)
    return address && isFull(address) ? address : undefined
  },
  write: value => value.text,
}

const stamp = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,32}))?(?:Z|([+-])(\d\d):(\d\d))$/

/**
 * A moment (XEP-0082 §3.2), exact to the millisecond; further digits are cut.
 * Written in UTC, with a fraction only where there is one.
 */
export const dateTime: Scalar<Date> = {
  is: 'a date and time of XEP-0082',
  read(text) {
    const found = stamp.exec(text.trim())
    if (!found) return undefined
    const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = found
    const ms = Number(fraction.slice(0, 3).padEnd(3, '0'))
    const local = new Date(0)
    // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
    local.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
    local.setUTCHours(Number(hour), Number(minute), Number(second), ms)
    // A date that does not exist rolls over, so it is spelled otherwise afterwards.
    if (local.toISOString().slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) return undefined
    if (Number(zoneHour) > 14 || Number(zoneMinute) > 59) return undefined
    const offsetMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000 * (sign === '-' ? -1 : 1)
    const moment = new Date(local.getTime() - offsetMs)
    return isWritable(moment) ? moment : undefined
  },
  write(value) {
    if (!isWritable(value)) throw new RangeError('A date outside of the years 0 to 9999 cannot be written')
    return value.toISOString().replace('.000Z', 'Z')
  },
}

/** Whether four digits hold the year. */
function isWritable(moment: Date): boolean {
  const year = moment.getUTCFullYear()
  return year >= 0 && year <= 9999
}

/** Bytes in base64 with padding (RFC 4648 §4); white space, missing padding and stray bits are refused (RFC 6120 §6.3.5). */
export const base64: Scalar<Uint8Array> = {
  is: 'base64',
  read(text) {
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || hasStrayBits(text)) return undefined
    const binary = atob(text)
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
    return bytes
  },
  write(bytes) {
    let binary = ''
    for (const byte of bytes) binary += String.fromCharCode(byte)
    return btoa(binary)
  },
}

/** Whether the last character carries bits that padding says are not there: two spellings of the same bytes. */
function hasStrayBits(text: string): boolean {
  if (text.endsWith('==')) return !'AQgw'.includes(text.charAt(text.length - 3))
  if (text.endsWith('=')) return !'AEIMQUYcgkosw048'.includes(text.charAt(text.length - 2))
  return false
}

/** One of the given words, as it is spelled. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Scalar<Word> {
  const known: ReadonlyMap<string, Word> = new Map(words.map(word => [word, word]))
  return { is: `one of ${words.join(', ')}`, read: text => known.get(text), write: word => word }
}
