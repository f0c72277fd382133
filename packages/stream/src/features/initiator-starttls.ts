/** STARTTLS (RFC 6120 §5) and the policy about it (RFC 7590 §3.1), initiating side. */

import { StreamError } from '@tercet/stanza'
import { NS, proceed, starttls } from '@tercet/stanza/starttls'
import { write, type Content } from '@tercet/xml'
import { offered, type Initiation } from '../initiation.ts'

/**
 * Encrypts the stream where it is not. True: it starts anew. A server that offers no TLS gets no cleartext instead: whoever
 * sits in between could have taken the offer away.
 *
 * @throws {StreamError} `policy-violation`: encryption cannot be had
 */
export async function encrypt(initiation: Initiation, features: Content): Promise<boolean> {
  const { stream, pull, options } = initiation
  if (stream.transport.tls !== undefined || options.secure === true) return false
  const tls = stream.transport.framing === 'tcp' ? options.tls : undefined
  if (tls === undefined || offered(features, starttls) === undefined) {
    if (options.allowPlaintext === true) return false
    throw new StreamError('policy-violation', {
      text: tls ? 'The server offers no TLS' : 'This connection is not encrypted and cannot be',
    })
  }
  stream.send(write(starttls.write({ required: false })))
  const element = await pull.element()
  if (element.ns !== NS || element.name !== proceed.name) {
    throw new StreamError('policy-violation', { text: 'The server refuses TLS' })
  }
  // Bytes that the peer sent in clear behind its <proceed/> are discarded by the stream (§5.4.3.3).
  await stream.upgrade(tls)
  return true
}
