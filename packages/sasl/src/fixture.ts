// What the tests of this package share: an account store in memory, a connection, and a whole exchange.
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
