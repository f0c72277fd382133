/** Errors that end a stream (RFC 6120 §4.9): from what was thrown to the wire. */

import { StreamError, streamError } from '@tercet/stanza'
import { STREAMS, write } from '@tercet/xml'

/** Readers throw errors that carry a stream error condition; everything else is a bug of ours. */
export function asStreamError(error: unknown): StreamError {
  if (error instanceof StreamError) return error
  if (error instanceof Error && error.name === 'XmlError') {
    // An XmlError's condition is a stream error condition (RFC 6120 §4.9.3) by its type in @tercet/xml.
    return new StreamError((error as Error & { condition: StreamError['condition'] }).condition, {
      text: error.message,
    })
  }
  return new StreamError('internal-server-error', { cause: error })
}

/** `<stream:error/>` with the prefix that the header declares, or its own in a WebSocket message. */
export function writeError(error: StreamError, framing: 'tcp' | 'websocket'): string {
  let children = ''
  for (const child of streamError.write(error).children) if (typeof child !== 'string') children += write(child)
  const xmlns = framing === 'websocket' ? ` xmlns:stream='${STREAMS}'` : ''
  return `<stream:error${xmlns}>${children}</stream:error>`
}
