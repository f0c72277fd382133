// Mechanism names, strongest first, and what they say about themselves.
import type { ChannelBindingType } from './channel-binding.ts'
import type { ScramHash } from './crypto.ts'

/** The SCRAM hashes, strongest first. */
export const SCRAM_HASHES: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1']

/** What a SCRAM mechanism name says. */
export interface ScramName {
  readonly hash: ScramHash
  readonly plus: boolean
}

const scramNames = new Map<string, ScramName>()
for (const hash of SCRAM_HASHES) {
  scramNames.set(`SCRAM-${hash}`, { hash, plus: false })
  scramNames.set(`SCRAM-${hash}-PLUS`, { hash, plus: true })
}

/** The channel binding of each Hashed Token mechanism; `undefined` for the one without. */
const htNames = new Map<string, ChannelBindingType | undefined>([
  ['HT-SHA-256-EXPR', 'tls-exporter'],
  ['HT-SHA-256-UNIQ', 'tls-unique'],
  ['HT-SHA-256-ENDP', 'tls-server-end-point'],
  ['HT-SHA-256-NONE', undefined],
])

/** The mechanisms of XEP-0484 this package knows, strongest first. */
export const HT_MECHANISMS: readonly string[] = [...htNames.keys()]

/** The mechanisms for `<mechanisms/>` this package knows, strongest first: our order, RFC 6120 §6.3.3 leaves it to us. */
export const MECHANISMS: readonly string[] = [
  'EXTERNAL',
  ...SCRAM_HASHES.map(hash => `SCRAM-${hash}-PLUS`),
  ...SCRAM_HASHES.map(hash => `SCRAM-${hash}`),
  'OAUTHBEARER',
  'PLAIN',
  'ANONYMOUS',
]

/** Reads `SCRAM-SHA-256-PLUS` and the like; `undefined` for every other name. */
export function scramName(name: string): ScramName | undefined {
  return scramNames.get(name)
}

/** Reads `HT-SHA-256-EXPR` and the like; `undefined` for every other name. */
export function htName(name: string): { readonly binding: ChannelBindingType | undefined } | undefined {
  return htNames.has(name) ? { binding: htNames.get(name) } : undefined
}

/** How much an attacker gains from a mechanism: 0 identity unproven, 1 password sent, 2 token sent, 3 nothing sent. */
export function strength(name: string): 0 | 1 | 2 | 3 {
  if (scramName(name) !== undefined || htName(name) !== undefined || name === 'EXTERNAL') return 3
  if (name === 'OAUTHBEARER') return 2
  return name === 'PLAIN' ? 1 : 0
}

/** Name of the SASL2 task that stores keys of another hash for an account (XEP-0480 §3): never with `-PLUS`. */
export function upgradeTaskName(hash: ScramHash): string {
  return `UPGR-SCRAM-${hash}`
}
