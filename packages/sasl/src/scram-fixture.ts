// What the tests of SCRAM share: two offers, a user at both ends, and how they refuse.
import { expect } from 'vitest'
import type { SaslCrypto } from './crypto.ts'
import { account, bindings, bytes, contextOf } from './fixture.ts'
import type { ServerContext } from './mechanism.ts'
import { scramName } from './names.ts'
import { platform as node } from './platform/node.ts'
import { platform as web } from './platform/web.ts'
import { deriveScramKeys } from './scram-keys.ts'
import { clientMechanism, type SelectOptions } from './select.ts'
import { serverMechanism } from './server-mechanism.ts'

export const platforms = [
  ['node', node],
  ['web', web],
] as const

export const salt = bytes('sixteen salt byt')
export const plain = { offered: ['SCRAM-SHA-256', 'SCRAM-SHA-1'], bindingTypesOffered: undefined }
export const bound = {
  offered: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
  bindingTypesOffered: ['tls-exporter', 'tls-server-end-point'],
}
export type Offered = Pick<SelectOptions, 'offered' | 'bindingTypesOffered'>

/** A client who is `user` with the password `pencil`, quick to derive. */
export function clientOf(name: string, offer: Offered, more: Partial<SelectOptions> = {}) {
  return clientMechanism(name, {
    ...offer,
    secure: true,
    profile: 'sasl2',
    credentials: { username: 'user', password: 'pencil' },
    minIterations: 1,
    ...more,
  })
}

/** A server that knows `user` with the password `pencil`. */
export async function serverOf(
  name: string,
  offer: Offered,
  more: Partial<ServerContext> = {},
  crypto: SaslCrypto = node,
) {
  const keys = await deriveScramKeys('pencil', scramName(name)!.hash, salt, 2)
  const context = contextOf({
    offeredMechanisms: offer.offered,
    offeredBindingTypes: offer.bindingTypesOffered,
    plusOffered: offer.offered.some(offered => offered.endsWith('-PLUS')),
    channelBindings: offer.bindingTypesOffered === undefined ? [] : bindings,
    credentials: account({ user: keys }, { iterations: 2 }),
    ...more,
  })
  return serverMechanism(name, context, crypto)!
}

/** Sends one client-first to a server and returns what it says. */
export async function first(name: string, message: string, offer: Offered = plain, more: Partial<ServerContext> = {}) {
  return (await serverOf(name, offer, more)).respond(bytes(message))
}

export const refusedAs = (condition: string): unknown => expect.objectContaining({ kind: 'failure', condition })
export const doubt = (condition: string): unknown => expect.objectContaining({ name: 'SaslError', condition })
