/** What goes wrong in a client itself; refusals of others are StanzaError, StreamError and SaslError. */

/**
 * `closed`: the client was closed · `disconnected`: there is no session, or the one that was asked is over · `not-acknowledged`: the
 * session ended before the server confirmed the stanza · `timeout`: the server does not answer · `unavailable`: no way to connect.
 */
export type ClientErrorCode = 'closed' | 'disconnected' | 'not-acknowledged' | 'timeout' | 'unavailable'

/** A client could not do what was asked; `cause` says why the connection is gone, where that is the reason. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Anything thrown as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('Something that is no error was thrown', { cause: thrown })
}
