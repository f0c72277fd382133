// What the tests of this package share: an account store in memory, a connection, and a whole exchange.
import type { ChannelBinding } from './channel-binding.ts'
import type { ClientMechanism, Credentials, ServerContext, ServerMechanism, ServerStep } from './mechanism.ts'
import type { ScramKeys } from './scram-keys.ts'
import { decodeText, encodeText } from './text.ts'

export const bytes = encodeText
export const text = decodeText

/** An account store of fixed keys, in which every user's password is `pencil`. */
export function account(keys: Record<string, ScramKeys>, more: Partial<Credentials> = {}): Credentials {
  return {
    fakeSaltSecret: bytes('sixteen bytes or more'),
    iterations: 4096,
    scramKeys: username => keys[username],
    verifyPassword: (username, password) => username in keys && password === 'pencil',
    ...more,
  }
}

/** A connection without channel binding, on which everybody may act as their own address at a.test. */
export function contextOf(more: Partial<ServerContext>): ServerContext {
  return {
    credentials: account({}),
    channelBindings: [],
    plusOffered: false,
    offeredMechanisms: [],
    allowAuthzid: (username, authzid) => authzid === `${username}@a.test`,
    ...more,
  }
}

/** Plays a whole exchange; the client's doubts come as a rejection, the server's as its last step. */
export async function play(client: ClientMechanism, server: ServerMechanism): Promise<ServerStep> {
  let step = await server.respond(await client.initial())
  while (step.kind === 'challenge') step = await server.respond(await client.challenge(step.data))
  if (step.kind === 'success') await client.success(step.data)
  return step
}

/** Bindings of one connection, as both of its ends see them. */
export const bindings = [
  { type: 'tls-exporter', data: bytes('exported') },
  { type: 'tls-server-end-point', data: bytes('certificate') },
] as const satisfies readonly ChannelBinding[]

/** Like {@link play}, but somebody in between may change what each side gets. */
export async function playTampered(
  client: ClientMechanism,
  server: ServerMechanism,
  tamper: (data: Uint8Array, message: number) => Uint8Array,
): Promise<ServerStep> {
  let message = 0
  let step = await server.respond(tamper((await client.initial())!, message++))
  while (step.kind === 'challenge') {
    const answer = await client.challenge(tamper(step.data, message++))
    step = await server.respond(tamper(answer, message++))
  }
  if (step.kind === 'success') await client.success(step.data && tamper(step.data, message))
  return step
}
