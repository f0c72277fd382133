// The four messages of SCRAM, read and written (RFC 5802 §7). Text in, values out; nothing here computes.
import { decodeBase64Strict } from './base64.ts'
import { malformed } from './error.ts'

/** GS2 flag: no binding, binding known but not seen at the server, or binding of a type (RFC 5802 §6). */
export type BindingFlag =
  { readonly kind: 'n' } | { readonly kind: 'y' } | { readonly kind: 'p'; readonly type: string }

export interface ClientFirst {
  /** With its two commas, as it counts in `c=`. */
  readonly gs2Header: string
  readonly flag: BindingFlag
  readonly authzid: string | undefined
  /** Decoded, not yet prepared. */
  readonly username: string
  readonly nonce: string
  /** Everything after the GS2 header, verbatim, as it counts in the AuthMessage. */
  readonly bare: string
}

export interface ServerFirst {
  readonly nonce: string
  readonly salt: Uint8Array
  readonly iterations: number
  /** `h` of XEP-0474. */
  readonly offerHash: string | undefined
  /** `t` of XEP-0515. */
  readonly tlsVersion: string | undefined
}

export interface ClientFinal {
  /** Value of `c=`, still base64: it is compared, not decoded. */
  readonly binding: string
  readonly nonce: string
  readonly proof: Uint8Array
  /** Everything before `,p=`, verbatim, as it counts in the AuthMessage. */
  readonly withoutProof: string
}

export type ServerFinal = { readonly verifier: Uint8Array } | { readonly error: string }

const HEADER = /^(?:(n)|(y)|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,/
const ATTRIBUTE = /^[A-Za-z]=[^\0]+$/
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/
const COUNT = /^[1-9][0-9]{0,9}$/
/** Attributes with a place of their own, which cannot be extensions (RFC 5802 §5.1). */
const RESERVED = 'anmrcsipve'
const MAX_NONCE = 1024
const MAX_SALT_BYTES = 1024

/** @throws {SaslError} `malformed-request` */
export function parseClientFirst(text: string): ClientFirst {
  const header = HEADER.exec(text)
  if (header === null) throw malformed('The message does not begin with a GS2 header')
  const [gs2Header, n, y, type, authzid] = header
  const bare = text.slice(gs2Header.length)
  const attributes = bare.split(',')
  const [username, nonce, ...extensions] = attributes
  if (username?.startsWith('m=')) throw malformed('Mandatory extensions are not supported')
  const read = {
    gs2Header,
    flag:
      n !== undefined
        ? ({ kind: 'n' } as const)
        : y !== undefined
          ? ({ kind: 'y' } as const)
          : { kind: 'p' as const, type: type! },
    authzid: authzid === undefined ? undefined : decodeName(authzid),
    username: decodeName(valueOf(username, 'n')),
    nonce: checkNonce(valueOf(nonce, 'r')),
    bare,
  }
  checkExtensions(extensions)
  return read
}

/** @throws {SaslError} `malformed-request` */
export function parseServerFirst(text: string): ServerFirst {
  const [nonce, salt, iterations, ...extensions] = text.split(',')
  if (nonce?.startsWith('m=')) throw malformed('Mandatory extensions are not supported')
  const count = valueOf(iterations, 'i')
  if (!COUNT.test(count)) throw malformed('The iteration count is not a positive number')
  const read = {
    nonce: checkNonce(valueOf(nonce, 'r')),
    salt: decodeValue(valueOf(salt, 's')),
    iterations: Number(count),
    offerHash: extensions.find(extension => extension.startsWith('h='))?.slice(2),
    tlsVersion: extensions.find(extension => extension.startsWith('t='))?.slice(2),
  }
  if (read.salt.length > MAX_SALT_BYTES) throw malformed('The salt is too long')
  checkExtensions(extensions)
  return read
}

/** @throws {SaslError} `malformed-request` */
export function parseClientFinal(text: string): ClientFinal {
  const end = text.lastIndexOf(',')
  const withoutProof = text.slice(0, Math.max(end, 0))
  const [binding, nonce, ...extensions] = withoutProof.split(',')
  const read = {
    binding: valueOf(binding, 'c'),
    nonce: checkNonce(valueOf(nonce, 'r')),
    proof: decodeValue(valueOf(text.slice(end + 1), 'p')),
    withoutProof,
  }
  checkExtensions(extensions)
  return read
}

/** @throws {SaslError} `malformed-request` */
export function parseServerFinal(text: string): ServerFinal {
  const [outcome, ...extensions] = text.split(',')
  checkExtensions(extensions)
  if (outcome?.startsWith('e=')) return { error: valueOf(outcome, 'e') }
  return { verifier: decodeValue(valueOf(outcome, 'v')) }
}

/** Writes a GS2 header: `p=tls-exporter,a=juliet@example.com,`. */
export function formatGs2Header(flag: BindingFlag, authzid: string | undefined): string {
  const binding = flag.kind === 'p' ? `p=${flag.type}` : flag.kind
  return `${binding},${authzid === undefined ? '' : `a=${encodeName(authzid)}`},`
}

/** Writes a name as RFC 5802 §5.1 asks: `,` is `=2C` and `=` is `=3D`. */
export function encodeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/** @throws {SaslError} `malformed-request` on NUL and on a `=` that begins neither `=2C` nor `=3D` */
export function decodeName(text: string): string {
  if (text.includes('\0') || /=(?!2C|3D)/.test(text)) throw malformed('A name is not encoded as it should be')
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

function valueOf(attribute: string | undefined, name: string): string {
  if (attribute === undefined || attribute[0] !== name || !ATTRIBUTE.test(attribute)) {
    throw malformed(`The attribute ${name} is missing or out of place`)
  }
  return attribute.slice(2)
}

function checkNonce(nonce: string): string {
  if (nonce.length > MAX_NONCE || !NONCE.test(nonce)) throw malformed('The nonce is not printable ASCII')
  return nonce
}

/** Unknown extensions are ignored, mandatory ones (`m`) and misplaced attributes are not (RFC 5802 §5.1). */
function checkExtensions(extensions: readonly string[]): void {
  for (const extension of extensions) {
    if (!ATTRIBUTE.test(extension)) throw malformed('An extension is not an attribute')
    if (RESERVED.includes(extension[0]!)) throw malformed(`The attribute ${extension[0]!} is out of place`)
  }
}

/** Base64 inside a message: wrong, it is the message that is malformed, not the stream's encoding. */
function decodeValue(value: string): Uint8Array {
  try {
    return decodeBase64Strict(value)
  } catch {
    throw malformed('An attribute is not base64')
  }
}
