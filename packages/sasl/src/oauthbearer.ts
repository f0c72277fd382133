// OAUTHBEARER (RFC 7628): a token that some authorization server gave out, so only ever inside TLS.
import { authorise, checkAuthzid } from './authzid.ts'
import { andThen, type Awaitable } from './awaitable.ts'
import { malformed, SaslError } from './error.ts'
import type { BearerOrigin, ClientMechanism, ServerContext, ServerStep } from './mechanism.ts'
import { decodeName, formatGs2Header } from './scram-messages.ts'
import type { ServerMachine } from './server-mechanism.ts'
import { decodeText, encodeText } from './text.ts'

/** What a client says (RFC 7628 §3.1). */
export interface BearerMessage {
  readonly authzid: string | undefined
  /** `undefined` when the client only asks what it would need (RFC 7628 §4.3). */
  readonly token: string | undefined
  readonly origin: BearerOrigin
}

const SEPARATOR = '\x01'
const HEADER = /^[ny],(?:a=([^,\x01]+))?,\x01/
const PAIR = /^([A-Za-z]+)=([\x20-\x7e\t\r\n]*)$/
/** RFC 6750 §2.1; the scheme is case-insensitive (RFC 7628 §4). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
/** What the client says to an error, so that the server may end the exchange (RFC 7628 §3.2.3). */
const ACKNOWLEDGEMENT = encodeText(SEPARATOR)

/** @throws {SaslError} `malformed-request` */
export function parseBearer(data: Uint8Array): BearerMessage {
  const text = decodeText(data)
  const header = HEADER.exec(text)
  if (header === null) throw malformed('The message does not begin with a GS2 header without channel binding')
  const pairs = text.slice(header[0].length).split(SEPARATOR)
  // Each pair ends with the separator and the message with one more, which leaves two empty parts.
  if (pairs.length < 2 || pairs.pop() !== '' || pairs.pop() !== '') throw malformed('The message has no end')
  const values = new Map<string, string>()
  for (const pair of pairs) {
    const [, key, value] = PAIR.exec(pair) ?? []
    if (key === undefined || value === undefined) throw malformed('The message contains what is no key and value')
    if (values.has(key)) throw malformed('The message says something twice')
    values.set(key, value)
  }
  const auth = values.get('auth')
  if (auth === undefined) throw malformed('The message contains no credentials')
  const token = BEARER.exec(auth)?.[1]
  if (token === undefined && auth !== '') throw malformed('The credentials are no bearer token')
  return {
    authzid: header[1] === undefined ? undefined : decodeName(header[1]),
    token,
    origin: { host: values.get('host'), port: values.get('port') },
  }
}

export class OauthBearerServer implements ServerMachine {
  readonly #context: ServerContext
  #refusal: SaslError | undefined

  constructor(context: ServerContext) {
    this.#context = context
  }

  step(data: Uint8Array): Awaitable<ServerStep> {
    // Whatever the client says to the error, the end is the same.
    if (this.#refusal !== undefined) throw this.#refusal
    const { authzid, token, origin } = parseBearer(data)
    checkAuthzid(authzid)
    if (token === undefined) return this.#refuse()
    return andThen(this.#context.credentials.bearer!(token, authzid, origin), username =>
      username === undefined ? this.#refuse() : authorise(this.#context, { username, authzid }),
    )
  }

  #refuse(): ServerStep {
    this.#refusal = new SaslError('not-authorized')
    const { scope, openidConfiguration } = this.#context.oauth ?? {}
    const error = { status: 'invalid_token', scope, 'openid-configuration': openidConfiguration }
    return { kind: 'challenge', data: encodeText(JSON.stringify(error)) }
  }
}

/** The client's side; what a server says about a token it refuses is acknowledged and not kept (RFC 7628 §3.2.3). */
export function oauthBearerClient(
  bearer: { readonly token: string; readonly host?: string; readonly port?: number },
  authzid: string | undefined,
): ClientMechanism {
  const pairs = [
    ...(bearer.host === undefined ? [] : [`host=${bearer.host}`]),
    ...(bearer.port === undefined ? [] : [`port=${bearer.port}`]),
    `auth=Bearer ${bearer.token}`,
  ]
  let refused = false
  return {
    name: 'OAUTHBEARER',
    initial: () => encodeText([formatGs2Header({ kind: 'n' }, authzid), ...pairs, '', ''].join(SEPARATOR)),
    challenge: () => {
      refused = true
      return ACKNOWLEDGEMENT
    },
    success: () => {
      if (refused) throw new SaslError('not-authorized', { text: 'The server refused the token and then let us in' })
    },
  }
}
