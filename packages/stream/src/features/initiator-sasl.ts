/** SASL (RFC 6120 §6) with channel binding (XEP-0440 1.0.0), initiating side. */

import {
  SaslError,
  selectMechanism,
  tlsVersionCode,
  type ChannelBinding,
  type ClientMechanism,
  type SelectOptions,
} from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import { abort, auth, challenge, failure, mechanisms, NS, response, success } from '@tercet/stanza/sasl'
import { channelBindings } from '@tercet/stanza/sasl-channel-binding'
import { write, type Content, type Fragment } from '@tercet/xml'
import { offered, type Initiation } from '../initiation.ts'
import type { TlsInfo } from '../transport.ts'

/**
 * Authenticates by the strongest mechanism of both ends and gives its name. Only a server that has proven itself counts, whatever
 * it says about success (RFC 5802 §5).
 *
 * @throws {SaslError}
 */
export async function authenticate(initiation: Initiation, features: Content): Promise<string> {
  const mechanism = select(initiation, features)
  const { stream, pull } = initiation
  stream.send(write(auth.write({ mechanism: mechanism.name, data: await mechanism.initial() })))
  for (;;) {
    const element = await pull.element()
    if (element.ns !== NS) throw unexpected(element)
    switch (element.name) {
      case 'challenge': {
        const data = await respond(initiation, mechanism, challenge.read(element.toElement()))
        stream.send(write(response.write(data)))
        break
      }
      case 'success':
        await mechanism.success(success.read(element.toElement()))
        return mechanism.name
      case 'failure': {
        const { condition, text } = failure.read(element.toElement())
        throw new SaslError(condition, text === undefined ? {} : { text })
      }
      default:
        throw unexpected(element)
    }
  }
}

function select(initiation: Initiation, features: Content): ClientMechanism {
  return selectMechanism(selection(initiation, features, offered(features, mechanisms) ?? []))
}

/** What is known when a mechanism has to be chosen. @param names what the profile in use offers */
export function selection({ stream, options }: Initiation, features: Content, names: readonly string[]): SelectOptions {
  const { tls, framing } = stream.transport
  // A WebSocket may have been taken over by a proxy: what is known of TLS is not what the server sees (RFC 7395 §3.9).
  const direct = framing === 'tcp' ? tls : undefined
  return {
    ...options.sasl,
    offered: names,
    channelBindings: direct ? bindings(direct) : [],
    bindingTypesOffered: offered(features, channelBindings),
    // A certificate that was let pass without being verified protects no password.
    secure: options.secure === true || (tls !== undefined && tls.peerCertificateError === undefined),
    tlsVersion: direct && tlsVersionCode(direct.protocol),
  }
}

function bindings(tls: TlsInfo): ChannelBinding[] {
  const found: ChannelBinding[] = []
  for (const type of tls.channelBindings) {
    const data = tls.channelBinding(type)
    if (data) found.push({ type, data })
  }
  return found
}

/** Our part of the exchange; when we will not go on the server is told (RFC 6120 §6.4.4). */
async function respond(initiation: Initiation, mechanism: ClientMechanism, data: Uint8Array): Promise<Uint8Array> {
  try {
    return await mechanism.challenge(data)
  } catch (error) {
    initiation.stream.send(write(abort.write({})))
    throw error
  }
}

function unexpected(element: Fragment): StreamError {
  return new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
}
