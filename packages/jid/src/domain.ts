// Domainparts: IDNA2008 names (RFC 5890 to 5893, mapped as UTS #46 does) and IP literals (RFC 7622 §3.2).

import { toASCII, toUnicode } from 'tr46'
import { FREE, codePointsOf, derivedOf, isKnownToEngine, propertiesOf } from './code-point.ts'
import { contextsHold } from './context-rules.ts'
import { JidError } from './error.ts'
import { isIpLiteral } from './ip-literal.ts'

const MAX_LABEL_OCTETS = 63
const MAX_NAME_OCTETS = 253
// More UTF-16 units than this never shrink to a name that the DNS can carry.
const MAX_RAW_LENGTH = 1023

const DOT = 0x2e
const HYPHEN = 0x2d

/**
 * Enforces a domainpart: one final dot off, A-labels to U-labels, lower case, NFC.
 *
 * @throws {JidError} `empty-domain`, `domain-invalid`, or `too-long` by the limits of the DNS (RFC 1034 §3.1)
 * @see RFC 7622 §3.2.2
 */
export function prepareDomain(text: string): string {
  // Before any other step (§3.2), and one only: an empty label behind it stays an error.
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  if (name === '') throw new JidError('empty-domain', 'domain')
  if (name.startsWith('[')) return ipLiteral(name)
  if (name.length > MAX_RAW_LENGTH) throw new JidError('too-long', 'domain')
  return asciiName(name) ?? internationalName(name)
}

/** IPv6 addresses keep their spelling but for the case of digits; a zone is a name of its own (RFC 6874 §2). */
function ipLiteral(text: string): string {
  if (!isIpLiteral(text)) throw invalid()
  const zone = text.indexOf('%')
  return zone < 0 ? text.toLowerCase() : text.slice(0, zone).toLowerCase() + text.slice(zone)
}

/** A name of NR-LDH labels (RFC 5890 §2.3.1) in lower case, or `undefined` where IDNA has something to say. */
function asciiName(name: string): string | undefined {
  let labelStart = 0
  let upper = false
  for (let index = 0; index <= name.length; index++) {
    const unit = index === name.length ? DOT : name.charCodeAt(index)
    if (unit >= 0x80) return undefined
    if (unit === DOT) {
      const length = index - labelStart
      if (length === 0) throw invalid()
      if (length > MAX_LABEL_OCTETS) throw new JidError('too-long', 'domain')
      if (name.charCodeAt(labelStart) === HYPHEN || name.charCodeAt(index - 1) === HYPHEN) throw invalid()
      // Hyphens in the third and fourth place: an A-label, or a reserved one, which IDNA refuses.
      if (length > 3 && name.charCodeAt(labelStart + 2) === HYPHEN && name.charCodeAt(labelStart + 3) === HYPHEN) {
        return undefined
      }
      labelStart = index + 1
    } else if (unit >= 0x41 && unit <= 0x5a) {
      upper = true
    } else if (!(unit >= 0x61 && unit <= 0x7a) && !(unit >= 0x30 && unit <= 0x39) && unit !== HYPHEN) {
      throw invalid()
    }
  }
  if (name.length > MAX_NAME_OCTETS) throw new JidError('too-long', 'domain')
  return upper ? name.toLowerCase() : name
}

const STRICT = {
  checkHyphens: true,
  checkBidi: true,
  checkJoiners: true,
  useSTD3ASCIIRules: true,
  transitionalProcessing: false,
}

function internationalName(name: string): string {
  if (!name.isWellFormed() || !isKnownToEngine(name)) throw invalid()
  const { domain, error } = toUnicode(name, STRICT)
  if (error) throw invalid()
  if (!isKnownToEngine(domain)) throw invalid() // what an A-label held
  // An A-label has an octet for each code point at least, so this is too long already, and cheaper to find.
  if (domain.length > MAX_NAME_OCTETS * 2) throw new JidError('too-long', 'domain')
  for (const label of domain.split('.')) requireLabel(label)
  if (toASCII(domain, { verifyDNSLength: true }) === null) throw new JidError('too-long', 'domain')
  return domain
}

/** UTS #46 lets symbols pass and knows no CONTEXTO; IDNA2008 is stricter (RFC 5892 §3). */
function requireLabel(label: string): void {
  if (label === '') throw invalid()
  const codes = codePointsOf(label)
  for (const code of codes) {
    if (code < 0x80) continue
    if (derivedOf(propertiesOf(code)) <= FREE || isInIgnorableBlock(code)) throw invalid()
  }
  if (!contextsHold(codes)) throw invalid()
}

/** RFC 5892 §2.4, the one set that IDNA leaves out and PRECIS does not. */
function isInIgnorableBlock(code: number): boolean {
  return (code >= 0x20d0 && code <= 0x20ff) || (code >= 0x1d100 && code <= 0x1d24f)
}

function invalid(): JidError {
  return new JidError('domain-invalid', 'domain')
}
