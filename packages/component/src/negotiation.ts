/** From the header of a component's stream to its handshake (XEP-0114 1.6 §3). */

import { asDomain } from '@tercet/jid'
import { isStanza, StreamError } from '@tercet/stanza'
import { Pull, randomId, StreamEnded, type Stream } from '@tercet/stream'
import { CONTENT, STREAMS, type Fragment, type StreamHeader } from '@tercet/xml'
import type { Component } from './component.ts'
import type { Components } from './components.ts'
import { Connection } from './connection.ts'
import { isHandshake, NS_ACCEPT } from './handshake.ts'

/** Negotiates until the component has proven which one it is, or the stream has ended. Never rejects. */
export async function negotiate(components: Components, stream: Stream): Promise<void> {
  const { logger } = components
  const pull = new Pull(error => logger.error({ err: error, stream: stream.id }, 'The stream of a component failed'))
  stream.handler = pull
  stream.id = randomId()
  stream.fallbackHeader = ['from', '']
  stream.start()
  let name: string | undefined
  try {
    const header = await pull.header()
    name = header.attr('to')
    const component = open(components, stream, header)
    await authenticate(component, stream, await pull.element())
    // It may have ended while the handshake was looked at; from here on nothing is waited for.
    if (!stream.open) return
    if (component.connection?.stream.open) throw conflict(component.connection)
    stream.send('<handshake/>')
    const connection = new Connection(component, stream, header.attr('xml:lang') ?? 'en')
    const { address } = stream.transport.remote
    logger.info({ stream: stream.id, component: component.domain, address }, 'A component connected')
    pull.handOver(stream, connection)
    component.connected(connection)
  } catch (error) {
    if (error instanceof StreamEnded || !stream.open) return
    if (!(error instanceof StreamError)) logger.error({ err: error, stream: stream.id }, 'Negotiation failed')
    const failure = error instanceof StreamError ? error : new StreamError('internal-server-error', { cause: error })
    const { address } = stream.transport.remote
    logger.info(
      { stream: stream.id, component: name, address, condition: failure.condition, reason: failure.message },
      'A component was refused',
    )
    stream.fail(failure)
  } finally {
    pull.release()
  }
}

/** Checks the header and answers it with ours; what is wrong with it is said inside of a stream (RFC 6120 §4.9.1.2). */
function open(components: Components, stream: Stream, header: StreamHeader): Component {
  const to = header.attr('to')
  const component = components.get(asDomain(to) ?? '')
  stream.sendHeader(stream.id, ['from', component?.domain ?? ''])
  if (header.ns !== STREAMS) throw new StreamError('invalid-namespace', { text: `A stream is in ${STREAMS}` })
  if (header.contentNs !== NS_ACCEPT)
    throw new StreamError('invalid-namespace', { text: `The content namespace here is ${NS_ACCEPT}` })
  if (!component)
    throw new StreamError('host-unknown', {
      text: to === undefined ? 'Say in to which component you are' : `${to} is no component here`,
    })
  return component
}

async function authenticate(component: Component, stream: Stream, element: Fragment): Promise<void> {
  if (isStanza(element)) throw new StreamError('not-authorized', { text: 'A handshake comes first' })
  if (element.ns !== CONTENT || element.name !== 'handshake')
    throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  if (!(await isHandshake(element.content.directText(), stream.id, component.secret)))
    throw new StreamError('not-authorized', { text: 'The handshake does not fit the secret' })
}

/** Only who has the secret learns of it. A connection that was lost without our noticing is found out, and the next attempt succeeds. */
function conflict(connection: Connection): StreamError {
  connection.ask()
  return new StreamError('conflict', { text: `${connection.component.domain} is connected already` })
}
