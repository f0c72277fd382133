/**
 * Finds where a first-level element or a stream header ends, over bytes that come in any chunks, each byte looked at once.
 * Refuses on the way what XML 1.0 forbids in the letters and in nesting, and what RFC 6120 §11.1 restricts;
 * names, namespaces and repeated attributes are left to the sax reader, which trusts that this here has passed.
 */
import {
  AMP,
  APOS,
  BANG,
  CLASS,
  EQ,
  GT,
  HASH,
  isLegalChar,
  LT,
  NAME,
  NAME_START,
  PLAIN,
  QUERY,
  QUOT,
  RBRACKET,
  SEMI,
  SLASH,
  SPACE,
} from './bytes.ts'
import { XmlError } from './error.ts'
import type { Limits } from './limits.ts'

/** What is being cut: a header ends with its start tag, the rest with the end of the element. */
export type Cut = 'header' | 'element'

const PROLOG = 0
const OPEN = 1
const NAMING = 2
const NAMED = 3
const BETWEEN = 4
const ATTRIBUTE = 5
const BEFORE_EQ = 6
const BEFORE_VALUE = 7
const VALUE = 8
const VALUE_REFERENCE = 9
const TEXT = 10
const TEXT_REFERENCE = 11
const EMPTY = 12
const CLOSE = 13
const CLOSING = 14
const CLOSED_NAME = 15
const SECTION = 16
const CDATA = 17
const DECLARATION = 18

const CDATA_OPEN = '[CDATA['

/** One cut in progress; made when bytes run out inside an element, dropped when it is complete. */
export class Cutter {
  /** Bytes looked at so far. */
  at = 0
  /** Where the XML declaration of a header ends, or 0. */
  declarationEnd = 0
  /** The header's element is empty: `<stream:stream/>`. */
  empty = false
  /** A closing tag stood where an element could begin; its name is at `[nameStart, nameEnd)`. */
  closing = false
  nameStart = 0
  nameEnd = 0
  private state: number
  private quote = 0
  private attributes = 0
  private run = 0
  /** Start and end of the name of every open element. */
  private readonly open: number[] = []
  private readonly cut: Cut
  private readonly limits: Required<Limits>

  constructor(cut: Cut, limits: Required<Limits>) {
    this.cut = cut
    this.limits = limits
    this.state = cut === 'header' ? PROLOG : TEXT
  }

  /**
   * Looks at what is new in `bytes`, of which the cut began at `base`. Returns the offset behind the element, counted from
   * `base`, or -1 when there is more to come.
   *
   * @throws {XmlError}
   */
  advance(bytes: Uint8Array, base: number, end: number): number {
    const { maxBytes } = this.limits
    const stop = Math.min(end, base + maxBytes)
    let i = base + this.at
    let state = this.state
    while (i < stop) {
      const c = bytes[i]!
      const kind = CLASS[c]!
      if (kind === 0) throw malformed('a control character')
      switch (state) {
        case TEXT:
          if (c === LT) {
            state = OPEN
            this.run = 0
          } else if (c === AMP) {
            state = TEXT_REFERENCE
            this.nameStart = i + 1 - base
            this.run = 0
          } else if (c === RBRACKET) {
            this.run++
          } else {
            if (c === GT && this.run > 1) throw malformed(']]> in character data')
            this.run = 0
            while (i + 1 < stop && (CLASS[bytes[i + 1]!]! & PLAIN) !== 0) i++
          }
          break
        case VALUE:
          if (c === this.quote) state = NAMED
          else if (c === LT) throw malformed('< in an attribute value')
          else if (c === AMP) {
            state = VALUE_REFERENCE
            this.nameStart = i + 1 - base
          } else while (i + 1 < stop && (CLASS[bytes[i + 1]!]! & PLAIN) !== 0) i++
          break
        case TEXT_REFERENCE:
        case VALUE_REFERENCE:
          if (c === SEMI) {
            checkReference(bytes, base + this.nameStart, i)
            state = state === TEXT_REFERENCE ? TEXT : VALUE
          } else if ((kind & NAME) === 0 && !(c === HASH && i - base === this.nameStart)) {
            throw malformed('an unescaped &')
          } else if (i - base - this.nameStart > this.limits.maxNameBytes) throw tooMuch('maxNameBytes')
          break
        case PROLOG:
          if (c === LT) state = OPEN
          else if (c >= 0xfe) throw new XmlError('unsupported-encoding', 'Not UTF-8')
          else if ((kind & SPACE) === 0) throw malformed('text before the stream header')
          break
        case OPEN:
          if ((kind & NAME_START) !== 0) {
            if (this.open.length >= this.limits.maxDepth * 2) throw tooMuch('maxDepth')
            this.attributes = 0
            this.nameStart = i - base
            state = NAMING
          } else if (c === SLASH) state = CLOSE
          else if (c === BANG) {
            this.run = 0
            state = SECTION
          } else if (c === QUERY) {
            if (this.cut !== 'header' || i - base !== 1) throw restricted('a processing instruction')
            state = DECLARATION
          } else throw malformed('< that begins no tag')
          break
        case NAMING:
          if ((kind & NAME) !== 0) {
            if (i - base - this.nameStart >= this.limits.maxNameBytes) throw tooMuch('maxNameBytes')
            break
          }
          this.open.push(this.nameStart, i - base)
          state = NAMED
          continue
        case NAMED:
        case BETWEEN:
          if ((kind & SPACE) !== 0) state = BETWEEN
          else if (c === GT) {
            if (this.cut === 'header') return i + 1 - base
            this.run = 0
            state = TEXT
          } else if (c === SLASH) state = EMPTY
          else if (state === BETWEEN && (kind & NAME_START) !== 0) {
            if (++this.attributes > this.limits.maxAttributes) throw tooMuch('maxAttributes')
            this.nameStart = i - base
            state = ATTRIBUTE
          } else throw malformed('a start tag with something that is no attribute')
          break
        case ATTRIBUTE:
          if ((kind & NAME) !== 0) {
            if (i - base - this.nameStart >= this.limits.maxNameBytes) throw tooMuch('maxNameBytes')
          } else if (c === EQ) state = BEFORE_VALUE
          else if ((kind & SPACE) !== 0) state = BEFORE_EQ
          else throw malformed('an attribute without a value')
          break
        case BEFORE_EQ:
          if (c === EQ) state = BEFORE_VALUE
          else if ((kind & SPACE) === 0) throw malformed('an attribute without a value')
          break
        case BEFORE_VALUE:
          if (c === QUOT || c === APOS) {
            this.quote = c
            state = VALUE
          } else if ((kind & SPACE) === 0) throw malformed('an attribute value without quotes')
          break
        case EMPTY:
          if (c !== GT) throw malformed('/ inside a tag')
          if (this.cut === 'header') {
            this.empty = true
            return i + 1 - base
          }
          this.open.length -= 2
          if (this.open.length === 0) return i + 1 - base
          this.run = 0
          state = TEXT
          break
        case CLOSE:
          if ((kind & NAME_START) === 0) throw malformed('an end tag without a name')
          this.nameStart = i - base
          state = CLOSING
          break
        case CLOSING:
          if ((kind & NAME) !== 0) {
            if (i - base - this.nameStart >= this.limits.maxNameBytes) throw tooMuch('maxNameBytes')
            break
          }
          this.close(bytes, base, i - base)
          state = CLOSED_NAME
          continue
        case CLOSED_NAME:
          if (c === GT) {
            if (this.open.length === 0) return i + 1 - base
            this.run = 0
            state = TEXT
          } else if ((kind & SPACE) === 0) throw malformed('an end tag with more than a name')
          break
        case SECTION:
          if (c !== CDATA_OPEN.charCodeAt(this.run)) throw declared(this.run)
          if (this.open.length === 0) throw new XmlError('bad-format', 'Character data between elements of a stream')
          if (++this.run === CDATA_OPEN.length) {
            this.run = 0
            state = CDATA
          }
          break
        case CDATA:
          if (c === RBRACKET) this.run++
          else {
            if (c === GT && this.run > 1) state = TEXT
            this.run = 0
          }
          break
        case DECLARATION:
          if (c === GT && bytes[i - 1] === QUERY) {
            this.declarationEnd = i + 1 - base
            state = PROLOG
          }
          break
      }
      i++
    }
    this.at = i - base
    this.state = state
    if (this.at >= maxBytes) throw tooMuch('maxBytes')
    return -1
  }

  /** An end tag's name has been read: it closes the innermost element, or the stream when none is open. */
  private close(bytes: Uint8Array, base: number, nameEnd: number): void {
    const { open, nameStart } = this
    if (open.length === 0) {
      if (this.cut === 'header') throw malformed('an end tag before the stream header')
      this.closing = true
      this.nameEnd = nameEnd
      return
    }
    const openedEnd = open.pop()!
    const opened = open.pop()!
    if (openedEnd - opened !== nameEnd - nameStart) throw malformed('an end tag that does not match')
    for (let i = opened, j = nameStart; i < openedEnd; i++, j++) {
      if (bytes[base + i] !== bytes[base + j]) throw malformed('an end tag that does not match')
    }
  }
}

const SMALL_X = 0x78

/** The reference between `&` and `;` is one of the five entities or names a legal character (RFC 6120 §11.1). */
function checkReference(bytes: Uint8Array, start: number, end: number): void {
  const name = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 12)))
  if (bytes[start] !== HASH) {
    if (name === 'amp' || name === 'lt' || name === 'gt' || name === 'quot' || name === 'apos') return
    if (end === start) throw malformed('an unescaped &')
    throw restricted('an entity other than the five of XML')
  }
  const hex = bytes[start + 1] === SMALL_X
  const digits = name.slice(hex ? 2 : 1)
  if (end - start > 12 || !(hex ? /^[0-9A-Fa-f]+$/ : /^[0-9]+$/).test(digits)) throw malformed('a character reference')
  if (!isLegalChar(Number.parseInt(digits, hex ? 16 : 10))) throw malformed('a reference to a forbidden character')
}

/** `<!` that opens no CDATA section. */
function declared(run: number): XmlError {
  return run === 0 ? restricted('a comment or declaration') : malformed('a misplaced section')
}

function malformed(what: string): XmlError {
  return new XmlError('not-well-formed', `Not well-formed: ${what}`)
}

function restricted(what: string): XmlError {
  return new XmlError('restricted-xml', `Not allowed in XMPP: ${what}`)
}

function tooMuch(limit: keyof Limits): XmlError {
  return new XmlError('policy-violation', `Over the limit ${limit}`)
}
