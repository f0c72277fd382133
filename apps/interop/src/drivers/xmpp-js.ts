/** `@xmpp/client` as a child process: STARTTLS or direct TLS by Node's sockets. */

import { client, jid, xml } from '@xmpp/client'
import { drive, emit, type Command, type DriverLogin } from './protocol.ts'

const ROSTER = 'jabber:iq:roster'

type XmlElement = ReturnType<typeof xml>

/** COMPAT(@types/xmpp__client 0.14): these two members are of unresolved types under `nodenext`. */
interface Iqs {
  readonly iqCaller: {
    get(child: XmlElement, to?: string): Promise<XmlElement | undefined>
    set(child: XmlElement, to?: string): Promise<XmlElement | undefined>
  }
  readonly iqCallee: {
    set(namespace: string, name: string, handler: (context: { element: XmlElement }) => boolean): void
  }
}

function start(login: DriverLogin): (command: Command) => Promise<void> {
  const scheme = login.door === 'direct tls' ? 'xmpps' : 'xmpp'
  const address = jid(login.jid)
  const xmpp = client({
    service: `${scheme}://${login.host}:${login.port}`,
    domain: address.domain,
    resource: login.resource,
    username: address.local,
    password: login.password,
  })
  // True by the documentation of @xmpp/iq; see Iqs.
  const { iqCaller, iqCallee } = xmpp as unknown as Iqs
  // One attempt only: a test that fails should fail at once.
  xmpp.reconnect.stop()
  xmpp.on('error', error => emit({ event: 'failed', reason: error.message }))
  xmpp.on('offline', () => emit({ event: 'closed', reason: 'offline' }))

  xmpp.on('stanza', stanza => {
    const { from = '', type } = stanza.attrs as { from?: string; type?: string }
    if (stanza.is('message')) {
      const body = stanza.getChildText('body')
      const delayed = stanza.getChild('delay', 'urn:xmpp:delay') !== undefined
      if (body && type !== 'error') emit({ event: 'message', jid: from, body, delayed })
    } else if (stanza.is('presence')) {
      if (type === 'subscribe') emit({ event: 'request', jid: from })
      else if (type === undefined || type === 'unavailable') {
        const show = type ?? stanza.getChildText('show') ?? 'available'
        emit({ event: 'presence', jid: from, show, status: stanza.getChildText('status') ?? '' })
      }
    }
  })
  iqCallee.set(ROSTER, 'query', ({ element }) => {
    reportRoster(element)
    return true
  })
  const begin = async () => {
    // COMPAT(@xmpp/client 0.14): start() overlooks a stream header that comes before its own write has returned, and rejects two seconds later
    // though it is online. What it objects to else is told by its event.
    const online = new Promise<{ toString(): string }>(resolve => xmpp.once('online', resolve))
    const started = xmpp.start().catch((error: unknown) => {
      if ((error as Error).name !== 'TimeoutError' || xmpp.status !== 'online') throw error
    })
    const bound = await Promise.race([online, started.then(() => online)])
    reportRoster(await iqCaller.get(xml('query', ROSTER)))
    await xmpp.send(xml('presence'))
    emit({ event: 'ready', jid: bound.toString(), tls: protocolOf(xmpp.socket) })
  }
  begin().catch((error: unknown) => emit({ event: 'failed', reason: String(error) }))

  return async command => {
    switch (command.do) {
      case 'subscribe':
        await iqCaller.set(xml('query', ROSTER, xml('item', { jid: command.jid })))
        return xmpp.send(xml('presence', { to: command.jid, type: 'subscribe' }))
      case 'approve':
        return xmpp.send(xml('presence', { to: command.jid, type: 'subscribed' }))
      case 'presence': {
        const show = command.show ? [xml('show', {}, command.show)] : []
        return xmpp.send(xml('presence', {}, ...show, xml('status', {}, command.status)))
      }
      case 'say':
        return xmpp.send(xml('message', { to: command.jid, type: 'chat' }, xml('body', {}, command.body)))
      case 'settle':
        await iqCaller.get(xml('ping', 'urn:xmpp:ping'), address.domain)
        return
      case 'logout':
        await xmpp.send(xml('presence', { type: 'unavailable' }))
        await xmpp.stop()
    }
  }
}

function reportRoster(query: XmlElement | undefined): void {
  for (const item of query?.getChildren('item') ?? []) {
    const { jid = '', subscription = 'none' } = item.attrs as { jid?: string; subscription?: string }
    emit({ event: 'roster', jid, subscription })
  }
}

function protocolOf(wrapper: unknown): string | null {
  // `@xmpp/tls` wraps Node's TLSSocket in an object whose `socket` is the real one; the published types stop before it.
  const inner = (wrapper as { socket?: { getProtocol?: () => string | null } } | null)?.socket
  return inner?.getProtocol?.() ?? null
}

await drive(start)
