// XEP-0300 1.0.0: cryptographic hash functions in XMPP, their names and values.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, content } from '../fields.ts'

/** Namespace of hashes. */
export const NS = 'urn:xmpp:hashes:2'

const fields = { algo: attr('algo'), value: content() }

/** A hash in base64, and the name of its function, like `sha-256`. */
export type Hash = Read<typeof fields>

/** `<hash/>`. */
export const hash: Codec<Hash> = element(NS, 'hash', fields)
