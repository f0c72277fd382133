/** What a component proves itself with, for both ends (XEP-0114 1.6 §3). */

import { constantTimeEqual } from '@tercet/sasl'

/** Content namespace of streams that a component opens. */
export const NS_ACCEPT = 'jabber:component:accept'

const encoder = new TextEncoder()

/** The character data of `<handshake/>`: SHA-1 of the stream id and the secret, in lower-case hexadecimal digits. */
export async function handshakeOf(streamId: string, secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', encoder.encode(streamId + secret))
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Whether `given` is that; as long in the one case as in the other. */
export async function isHandshake(given: string, streamId: string, secret: string): Promise<boolean> {
  return constantTimeEqual(encoder.encode(given), encoder.encode(await handshakeOf(streamId, secret)))
}
