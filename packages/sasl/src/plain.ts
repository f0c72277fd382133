// PLAIN (RFC 4616): the password itself, so only ever inside TLS.
import { authorise, checkAuthzid } from './authzid.ts'
import { andThen, type Awaitable } from './awaitable.ts'
import { malformed, SaslError } from './error.ts'
import type { ClientMechanism, ServerContext, ServerStep } from './mechanism.ts'
import { preparePassword, prepareUsername } from './prepare.ts'
import type { ServerMachine } from './server-mechanism.ts'
import { decodeText, encodeText } from './text.ts'

/** The three parts of the message, as sent. */
export interface PlainMessage {
  readonly authzid: string | undefined
  readonly username: string
  readonly password: string
}

/** @throws {SaslError} `malformed-request` */
export function parsePlain(data: Uint8Array): PlainMessage {
  const [authzid, username, password, ...rest] = decodeText(data).split('\0')
  if (password === undefined || rest.length > 0) throw malformed('The message has not exactly two NULs')
  if (username === undefined || username === '' || password === '') throw malformed('User name or password is missing')
  return { authzid: authzid === '' ? undefined : authzid, username, password }
}

export class PlainServer implements ServerMachine {
  readonly #context: ServerContext

  constructor(context: ServerContext) {
    this.#context = context
  }

  step(data: Uint8Array): Awaitable<ServerStep> {
    const message = parsePlain(data)
    checkAuthzid(message.authzid)
    const username = prepareUsername(message.username)
    const password = preparePassword(message.password)
    // Without the method there is no such mechanism.
    return andThen(this.#context.credentials.verifyPassword!(username, password), verified => {
      if (!verified) throw new SaslError('not-authorized')
      return authorise(this.#context, { username, authzid: message.authzid })
    })
  }
}

/** The client's side: one message, nothing to check. */
export function plainClient(username: string, password: string, authzid: string | undefined): ClientMechanism {
  return {
    name: 'PLAIN',
    initial: () => encodeText(`${authzid ?? ''}\0${prepareUsername(username)}\0${preparePassword(password)}`),
    challenge: () => {
      throw malformed('PLAIN has no challenges')
    },
    success: () => {},
  }
}
