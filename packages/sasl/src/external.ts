// EXTERNAL (RFC 4422 appendix A): the certificate of the TLS handshake proves who it is (XEP-0178 1.2).
import { authorise, checkAuthzid } from './authzid.ts'
import { andThen, type Awaitable } from './awaitable.ts'
import { malformed, SaslError } from './error.ts'
import type { ClientMechanism, ServerContext, ServerStep } from './mechanism.ts'
import type { ServerMachine } from './server-mechanism.ts'
import { decodeText, encodeText } from './text.ts'

export class ExternalServer implements ServerMachine {
  readonly #context: ServerContext

  constructor(context: ServerContext) {
    this.#context = context
  }

  step(data: Uint8Array): Awaitable<ServerStep> {
    const authzid = data.length === 0 ? undefined : decodeText(data)
    if (authzid?.includes('\0') === true) throw malformed('The identity contains a NUL')
    checkAuthzid(authzid)
    return andThen(this.#context.credentials.external!(authzid), username => {
      if (username === undefined) throw new SaslError(authzid === undefined ? 'not-authorized' : 'invalid-authzid')
      return authorise(this.#context, { username, authzid })
    })
  }
}

/** The client's side: one message, empty unless the certificate names several or the client acts as another. */
export function externalClient(authzid: string | undefined): ClientMechanism {
  return {
    name: 'EXTERNAL',
    initial: () => encodeText(authzid ?? ''),
    challenge: data => {
      if (data.length > 0) throw malformed('EXTERNAL has no challenges')
      return encodeText(authzid ?? '')
    },
    success: () => {},
  }
}

/**
 * The identity that a client's certificate proves (XEP-0178 §2): what `Credentials.external` needs.
 *
 * @param addresses bare addresses of the certificate's XmppAddr entries, prepared
 * @param authzid the address the client asked for, prepared
 * @param rules.local whether an address is of a domain served here: no other is ever used
 * @param rules.mapped the address that local rules find for a certificate without any XmppAddr
 * @throws {SaslError} `invalid-authzid` when the certificate proves several identities and none was asked for, or
 *   another than the one asked for · `not-authorized` when it proves none
 */
export function certificateIdentity(
  addresses: readonly string[],
  authzid: string | undefined,
  { local, mapped }: { local: (address: string) => boolean; mapped?: string | undefined },
): string {
  const own = addresses.length > 0 ? [...new Set(addresses)].filter(local) : mapped === undefined ? [] : [mapped]
  const [first] = own
  if (first === undefined) throw new SaslError('not-authorized', { text: 'The certificate names no account here' })
  if (authzid === undefined) {
    if (own.length === 1) return first
    throw new SaslError('invalid-authzid', { text: 'The certificate names several accounts: say which' })
  }
  if (own.includes(authzid)) return authzid
  throw new SaslError('invalid-authzid', { text: 'The certificate does not name this account' })
}
