// The server's side of every mechanism: made by name, stepped message by message, never throwing.
import { platform } from '#platform'
import { AnonymousServer } from './anonymous.ts'
import type { Awaitable } from './awaitable.ts'
import type { SaslCrypto } from './crypto.ts'
import { malformed, SaslError } from './error.ts'
import { ExternalServer } from './external.ts'
import { HtServer } from './ht.ts'
import type { ServerContext, ServerMechanism, ServerStep } from './mechanism.ts'
import { htName, scramName } from './names.ts'
import { OauthBearerServer } from './oauthbearer.ts'
import { PlainServer } from './plain.ts'
import { ScramServer } from './scram-server.ts'
import { EMPTY } from './text.ts'

/** What each mechanism's file provides: steps that throw a {@link SaslError} to refuse. */
export interface ServerMachine {
  step(data: Uint8Array): Awaitable<ServerStep>
}

/** Bearer tokens run to some kilobytes; nothing else comes near. */
const MAX_BYTES = 65_536

/**
 * Begins an authentication on the server; `undefined` when the mechanism was not offered, is unknown or cannot be done
 * on this connection, which is `<invalid-mechanism/>` to the client (SASL-02).
 *
 * @param crypto other cryptography than the platform's, for tests
 */
export function serverMechanism(
  name: string,
  context: ServerContext,
  crypto: SaslCrypto = platform,
): ServerMechanism | undefined {
  const machine = serverMachine(name, context, crypto)
  return machine === undefined ? undefined : new Exchange(name, machine)
}

function serverMachine(name: string, context: ServerContext, crypto: SaslCrypto): ServerMachine | undefined {
  const { credentials, channelBindings } = context
  const ht = htName(name)
  if (ht !== undefined) {
    if (credentials.token === undefined) return undefined
    if (ht.binding === undefined) return new HtServer(name, context, { binding: undefined, crypto })
    const binding = channelBindings.find(candidate => candidate.type === ht.binding)
    return binding === undefined ? undefined : new HtServer(name, context, { binding, crypto })
  }
  if (!context.offeredMechanisms.includes(name)) return undefined
  const scram = scramName(name)
  if (scram !== undefined) {
    return scram.plus && channelBindings.length === 0 ? undefined : new ScramServer(scram, context, crypto)
  }
  switch (name) {
    case 'PLAIN':
      return credentials.verifyPassword === undefined ? undefined : new PlainServer(context)
    case 'EXTERNAL':
      return credentials.external === undefined ? undefined : new ExternalServer(context)
    case 'OAUTHBEARER':
      return credentials.bearer === undefined ? undefined : new OauthBearerServer(context)
    case 'ANONYMOUS':
      return credentials.anonymous === undefined ? undefined : new AnonymousServer(context)
    default:
      return undefined
  }
}

class Exchange implements ServerMechanism {
  readonly name: string
  /** Absent while a step is under way and once the exchange has ended. */
  #machine: ServerMachine | undefined
  #begun = false

  constructor(name: string, machine: ServerMachine) {
    this.name = name
    this.#machine = machine
  }

  respond(data: Uint8Array | undefined): Awaitable<ServerStep> {
    const machine = this.#machine
    if (machine === undefined) return failure(malformed('No response is expected'))
    // Every mechanism here is client-first: without an initial response the client is asked for it (RFC 6120 §6.4.2).
    if (data === undefined && !this.#begun) {
      this.#begun = true
      return { kind: 'challenge', data: EMPTY }
    }
    this.#begun = true
    this.#machine = undefined
    if (data !== undefined && data.length > MAX_BYTES) return failure(malformed('The message is too long'))
    try {
      const step = machine.step(data ?? EMPTY)
      return step instanceof Promise
        ? step.then(later => this.#went(machine, later), failure)
        : this.#went(machine, step)
    } catch (error) {
      return failure(error)
    }
  }

  #went(machine: ServerMachine, step: ServerStep): ServerStep {
    if (step.kind === 'challenge') this.#machine = machine
    return step
  }
}

function failure(error: unknown): ServerStep {
  if (!isSaslError(error)) return { kind: 'failure', condition: 'temporary-auth-failure', cause: error }
  const { condition, text, cause } = error
  return {
    kind: 'failure',
    condition,
    ...(text === undefined ? {} : { text }),
    ...(cause === undefined ? {} : { cause }),
  }
}

/** By name, since a `Credentials` may come with another copy of this package. */
function isSaslError(error: unknown): error is SaslError {
  return error instanceof SaslError || (error instanceof Error && error.name === 'SaslError' && 'condition' in error)
}
