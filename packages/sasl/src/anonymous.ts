// ANONYMOUS (RFC 4505): no identity at all, the server gives a name (XEP-0175 1.2).
import { andThen, type Awaitable } from './awaitable.ts'
import { malformed } from './error.ts'
import type { ClientMechanism, ServerContext, ServerStep } from './mechanism.ts'
import type { ServerMachine } from './server-mechanism.ts'
import { decodeText, EMPTY } from './text.ts'

/** RFC 4505 §3; RFC 6120 §6.5.8 names the condition for more. */
const MAX_TRACE_CHARACTERS = 255

export class AnonymousServer implements ServerMachine {
  readonly #context: ServerContext

  constructor(context: ServerContext) {
    this.#context = context
  }

  step(data: Uint8Array): Awaitable<ServerStep> {
    // What the client calls itself is forgotten at once: it proves nothing (XEP-0175 §3).
    if (Array.from(decodeText(data)).length > MAX_TRACE_CHARACTERS) throw malformed('The trace data is too long')
    return andThen(this.#context.credentials.anonymous!(), username => ({
      kind: 'success',
      username,
      authzid: undefined,
      data: undefined,
    }))
  }
}

/** The client's side, which tells nothing about itself. */
export function anonymousClient(): ClientMechanism {
  return {
    name: 'ANONYMOUS',
    initial: () => EMPTY,
    challenge: data => {
      if (data.length > 0) throw malformed('ANONYMOUS has no challenges')
      return EMPTY
    },
    success: () => {},
  }
}
