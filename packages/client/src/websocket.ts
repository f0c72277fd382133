/** Connecting by WebSocket (RFC 7395), where browsers can do nothing else; the address is given or asked for (XEP-0156 1.4.0). */

import type { Connect } from './connect.ts'
import { ClientError } from './error.ts'
import { WebSocketTransport } from './websocket-transport.ts'

/** Options of {@link websocket}. */
export interface WebSocketConnectOptions {
  /** Where the server listens: `wss://…`. Default: what the domain's host-meta says. */
  readonly url?: string
}

/** Connects by the platform's WebSocket. An address without encryption counts as plain text. */
export function websocket({ url }: WebSocketConnectOptions = {}): Connect {
  return async ({ domain, signal }) => {
    const address = url ?? (await discover(domain, signal))
    const transport = await openSocket(new WebSocket(address, 'xmpp'), signal)
    return { transport, secure: new URL(address).protocol === 'wss:' }
  }
}

/** Ways to connect that host-meta names (XEP-0156 §2.1). */
export type WebWay = 'websocket' | 'xbosh'

/**
 * The address that a domain names in its host-meta (XEP-0156 §3), of its WebSocket unless BOSH is asked for.
 *
 * @throws {ClientError} `unavailable`: it names none that is encrypted
 */
export async function discover(domain: string, signal?: AbortSignal, way: WebWay = 'websocket'): Promise<string> {
  const source = `https://${domain}/.well-known/host-meta.json`
  try {
    const response = await fetch(source, signal ? { signal } : {})
    if (response.ok) {
      const address = addressIn(await response.json(), way)
      if (address !== undefined) return address
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ClientError('unavailable', `${source} cannot be read`, { cause })
  }
  throw new ClientError('unavailable', `${source} names no ${way === 'websocket' ? 'WebSocket' : 'BOSH'}`)
}

/** The first encrypted link of a host-meta document; undefined when there is none. */
export function addressIn(document: unknown, way: WebWay): string | undefined {
  const scheme = way === 'websocket' ? /^wss:\/\//i : /^https:\/\//i
  if (typeof document !== 'object' || document === null || !('links' in document)) return undefined
  if (!Array.isArray(document.links)) return undefined
  for (const link of document.links as unknown[]) {
    if (typeof link !== 'object' || link === null || !('rel' in link) || !('href' in link)) continue
    const { rel, href } = link
    if (rel === `urn:xmpp:alt-connections:${way}` && typeof href === 'string' && scheme.test(href)) return href
  }
  return undefined
}

function openSocket(socket: WebSocket, signal: AbortSignal): Promise<WebSocketTransport> {
  const transport = new WebSocketTransport(socket)
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      signal.removeEventListener('abort', abort)
      socket.onopen = socket.onerror = null
      if (!error) {
        resolve(transport)
        return
      }
      transport.destroy()
      reject(error)
    }
    // The reason is whatever the caller gave.
    const abort = (): void => settle(signal.reason as Error)
    socket.onopen = () => {
      const agreed = socket.protocol === 'xmpp'
      settle(agreed ? undefined : new ClientError('unavailable', 'The server does not speak XMPP on this WebSocket'))
    }
    // Platforms do not tell scripts why.
    socket.onerror = () => settle(new ClientError('unavailable', `No WebSocket at ${socket.url}`))
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
}
