/** What goes wrong below a stream: one error class with a code for each cause that a caller may treat differently. */

/** Causes of a {@link TransportError}. */
export type TransportErrorCode =
  | 'reset'
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'address-in-use'
  | 'address-unavailable'
  | 'permission-denied'
  | 'not-found'
  | 'unresolved'
  | 'service-absent'
  | 'tls'
  | 'certificate'
  | 'protocol'
  | 'message-too-large'
  | 'io'

/** A connection, a listener or a name could not do what was asked; `code` tells why, `cause` holds Node's error. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const causes: Readonly<Record<string, [TransportErrorCode, string]>> = {
  ECONNRESET: ['reset', 'The peer reset the connection'],
  EPIPE: ['reset', 'The peer closed the connection before everything was written'],
  ECONNABORTED: ['reset', 'The connection was aborted'],
  ERR_STREAM_PREMATURE_CLOSE: ['reset', 'The connection closed early'],
  ECONNREFUSED: ['refused', 'Nothing listens at that address'],
  ETIMEDOUT: ['timeout', 'The peer did not answer'],
  EHOSTUNREACH: ['unreachable', 'No route to the host'],
  ENETUNREACH: ['unreachable', 'No route to the network'],
  EADDRINUSE: ['address-in-use', 'The address is in use'],
  EADDRNOTAVAIL: ['address-unavailable', 'The address is not one of this machine'],
  EACCES: ['permission-denied', 'Permission denied'],
  EPERM: ['permission-denied', 'Permission denied'],
  ENOTFOUND: ['not-found', 'The name does not exist'],
  ABORT_ERR: ['aborted', 'Given up by the caller'],
  EPROTO: ['tls', 'TLS failed'],
}

/** Node's error as a {@link TransportError}; one of ours is returned as it is. */
export function transportError(cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause
  const { code = '', message = String(cause) } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {}
  const known = Object.hasOwn(causes, code) ? causes[code] : undefined
  if (known !== undefined) return new TransportError(known[0], known[1], { cause })
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return new TransportError('tls', `TLS failed: ${message}`, { cause })
  return new TransportError('io', message, { cause })
}
