/** Expressions in braces: values that a play cannot know beforehand, above all those of SASL. RFC 6120 §6, RFC 4616, RFC 5802. */
import { createHash, createHmac } from 'node:crypto'
import { scramFinal } from './scram.ts'
import type { ScramHash } from './scram.ts'
import type { Captures } from './match.ts'

/** What the expressions of one connection share. */
export interface ExpressionScope {
  readonly captures: Captures
  readonly password: string
  /** Renames accounts from the play to the wire. */
  readonly toWire: (text: string) => string
  /** Counters of stream management: stanzas that this connection sent and received since it was enabled. */
  readonly counts: { sent: number; received: number }
  scram: ScramConversation | undefined
  /** The mechanisms and channel-binding types that the server offered last. */
  offer: { mechanisms: readonly string[]; bindings: readonly string[] }
  /** Data of a channel-binding type of this connection (RFC 5929, RFC 9266). */
  readonly channelBinding: (type: string) => Buffer
}

interface ScramConversation {
  readonly gs2: string
  readonly clientFirstBare: string
  serverSignature?: string
}

/** Computes every `{…}` of a text that is to be sent. */
export function fill(text: string, scope: ExpressionScope): string {
  return text.replaceAll(/(?<!\\u)\{([^{}]*)\}/g, (_, expression: string) => evaluate(expression, scope))
}

/**
 * Computes one expression: a remembered name or a function with arguments.
 *
 * - `plain NAME [password='…'] [authzid='…']`: the message of PLAIN in base64
 * - `scram-first NAME [gs2='n,,'] [nonce='…'] [reserved='m=x,'] [extra=',x=1']`: SCRAM's first message in base64
 * - `scram-final CHALLENGE [hash='sha1'] [password='…'] [channel='n,,'] [binding='tls-exporter'] [nonce='…']`: its second, from the server's challenge
 * - `scram-signature`: what the server must then prove, `v=…` in base64
 * - `downgrade-hash [hash='sha1']`: of the mechanisms and channel-binding types offered last (XEP-0474 §6)
 * - `ht NAME TOKEN [binding='tls-exporter']`: the message of a Hashed Token mechanism, for a token that was remembered
 * - `base64 '…'`: with `\0`, `\xHH` and names of accounts
 * - `times N '…'`: a text repeated
 * - `attributes N`: that many different ones
 * - `dialback-key SECRET RECEIVING ORIGINATING ID`: the key of XEP-0185 §2
 * - `handshake ID [secret='…']`: what a component proves itself with (XEP-0114 §3)
 * - `sent`, `handled`: counters of stream management
 *
 * @throws {Error} nothing is known by this name
 */
export function evaluate(expression: string, scope: ExpressionScope): string {
  const remembered = scope.captures.get(expression)
  if (remembered !== undefined) return remembered
  const [name = '', ...rest] = expression.match(/[\w-]+='[^']*'|'[^']*'|\S+/g) ?? []
  const plain = rest.filter(part => !/^[\w-]+='/.test(part)).map(unquote)
  const named = Object.fromEntries(rest.filter(part => /^[\w-]+='/.test(part)).map(part => split(part)))
  const compute = functions[name]
  if (!compute) throw new Error(`nothing is known as {${expression}}`)
  return compute(scope, plain, named)
}

type Compute = (scope: ExpressionScope, plain: string[], named: Record<string, string | undefined>) => string

const functions: Record<string, Compute> = {
  base64: (scope, [text = '']) => base64(scope.toWire(unescape(text))),
  times: (_, [count = '0', text = '']) => unescape(text).repeat(Number(count)),
  attributes: (_, [count = '0']) => Array.from({ length: Number(count) }, (_, index) => `a${index}=''`).join(' '),
  'dialback-key': (scope, [secret = '', receiving = '', originating = '', id = '']) => {
    const key = createHash('sha256').update(secret).digest('hex')
    const text = `${scope.toWire(receiving)} ${scope.toWire(originating)} ${scope.captures.get(id) ?? id}`
    return createHmac('sha256', key).update(text).digest('hex')
  },
  handshake: (scope, [id = ''], { secret = scope.password }) =>
    createHash('sha1')
      .update((scope.captures.get(id) ?? id) + secret)
      .digest('hex'),
  sent: scope => String(scope.counts.sent),
  handled: scope => String(scope.counts.received),
  plain: (scope, [user = ''], { password = scope.password, authzid = '' }) =>
    base64(`${scope.toWire(authzid)}\0${wireUser(scope, user)}\0${unescape(password)}`),
  'scram-first': (
    scope,
    [user = ''],
    { gs2 = 'n,,', nonce = 'fyko+d2lbbFgONRv9qkxdawL', reserved = '', extra = '' },
  ) => {
    const name = wireUser(scope, user).replaceAll('=', '=3D').replaceAll(',', '=2C')
    const clientFirstBare = `${reserved}n=${name},r=${nonce}${extra}`
    const header = scope.toWire(gs2)
    scope.scram = { gs2: header, clientFirstBare }
    return base64(header + clientFirstBare)
  },
  'scram-final': (scope, [challenge = ''], named) => {
    const conversation = scope.scram
    if (!conversation) throw new Error('{scram-final} without {scram-first} before it')
    const serverFirst = Buffer.from(scope.captures.get(challenge) ?? challenge, 'base64').toString()
    const final = scramFinal({
      hash: scramHash(named['hash']),
      password: named['password'] ?? scope.password,
      clientFirstBare: conversation.clientFirstBare,
      serverFirst,
      channel: Buffer.concat([
        Buffer.from(named['channel'] ?? conversation.gs2),
        named['binding'] === undefined ? Buffer.alloc(0) : scope.channelBinding(named['binding']),
      ]),
      ...(named['nonce'] === undefined ? {} : { nonce: named['nonce'] }),
    })
    conversation.serverSignature = final.serverSignature
    return base64(final.message + (named['extra'] ?? ''))
  },
  'downgrade-hash': (scope, _, named) => {
    const list = (values: readonly string[]) => [...values].sort().join('\x1e')
    const { mechanisms, bindings } = scope.offer
    const text = list(mechanisms) + (bindings.length > 0 ? `\x1f${list(bindings)}` : '')
    return createHash(scramHash(named['hash'])).update(text).digest('base64')
  },
  ht: (scope, [user = '', token = ''], { binding }) => {
    const hmac = createHmac('sha256', scope.captures.get(token) ?? token).update('Initiator')
    if (binding !== undefined) hmac.update(scope.channelBinding(binding))
    return Buffer.concat([Buffer.from(`${wireUser(scope, user)}\0`), hmac.digest()]).toString('base64')
  },
  'scram-signature': scope => base64(`v=${scope.scram?.serverSignature ?? ''}`),
}

function scramHash(name = 'sha1'): ScramHash {
  if (name === 'sha1' || name === 'sha256' || name === 'sha512') return name
  throw new Error(`no hash ${name}`)
}

/** `romeo` is the account's local part, which has a longer name on the wire. */
function wireUser(scope: ExpressionScope, user: string): string {
  const address = user.includes('@') ? user : `${user}@a.test`
  return scope.toWire(address).split('@')[0] ?? ''
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const unquote = (text: string) => (text.startsWith("'") ? text.slice(1, -1) : text)

function split(part: string): [string, string] {
  const at = part.indexOf('=')
  return [part.slice(0, at), unquote(part.slice(at + 1))]
}

/** Reads `\n \r \t \0 \\ \xHH \uHHHH \u{H…}`. */
export function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]+)\}|([nrt0\\]))/gi,
    (_, hex: string | undefined, four: string | undefined, code: string | undefined, letter: string) => {
      const digits = hex ?? four ?? code
      if (digits !== undefined) return String.fromCodePoint(Number.parseInt(digits, 16))
      return { n: '\n', r: '\r', t: '\t', '0': '\0', '\\': '\\' }[letter] ?? letter
    },
  )
}

/** The bytes of a text in which `\\xHH` is one byte and `\\u{…}` a code point, lone surrogates included. */
export function toBytes(text: string): Buffer {
  const parts = text.split(/(\\x[\da-f]{2}|\\u\{[\da-f]+\})/i).map(part => {
    if (/^\\x/.test(part)) return Buffer.from([Number.parseInt(part.slice(2), 16)])
    const code = /^\\u\{([\da-f]+)\}$/i.exec(part)?.[1]
    if (code === undefined) return Buffer.from(unescape(part))
    const value = Number.parseInt(code, 16)
    if (value < 0xd800 || value > 0xdfff) return Buffer.from(String.fromCodePoint(value))
    return Buffer.from([0xe0 | (value >> 12), 0x80 | ((value >> 6) & 0x3f), 0x80 | (value & 0x3f)])
  })
  return Buffer.concat(parts)
}
