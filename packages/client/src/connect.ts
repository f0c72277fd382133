/** From a domain to a negotiated stream, over whatever the application connects by; follows `<see-other-host/>` (RFC 6120 §4.9.3.19). */

import { StreamError } from '@tercet/stanza'
import {
  initiate,
  Stream,
  type Initiated,
  type StreamSurroundings,
  type TlsContext,
  type Transport,
} from '@tercet/stream'
import type { InitiatorOptions } from '@tercet/stream'

/** Where to connect to. */
export interface Route {
  /** The domain of the account. Certificates are verified for it, wherever the connection leads. */
  readonly domain: string
  /** Where the server sent us instead of the domain's own addresses. */
  readonly other: { readonly host: string; readonly port: number | undefined } | undefined
  readonly signal: AbortSignal
}

/** A connection that is open, with what its transport does not tell. */
export interface Connection {
  readonly transport: Transport
  /** For STARTTLS. */
  readonly tls?: TlsContext | undefined
  /** True for a transport that is encrypted and verified but shows no TLS, such as a browser's `wss:`. */
  readonly secure?: boolean | undefined
}

/** Opens a connection; what it rejects with is the reason that the client's state tells. */
export type Connect = (route: Route) => Promise<Connection>

/** A server that sends us on more often than this has no place for us. */
const MAX_REDIRECTS = 3

/** How the streams of one client are opened. */
export interface Opening {
  readonly connect: Connect
  readonly around: StreamSurroundings
  readonly maxStanzaBytes: number
  readonly initiator: Omit<InitiatorOptions, 'tls' | 'secure' | 'signal'>
}

/** A negotiated stream. */
export interface Opened {
  readonly stream: Stream
  readonly initiated: Initiated
}

/**
 * Connects and negotiates.
 *
 * @param before why the last stream ended: it may say where to go
 */
export async function open(opening: Opening, signal: AbortSignal, before: Error | undefined): Promise<Opened> {
  const { connect, initiator, around, maxStanzaBytes } = opening
  let other = otherHost(before)
  for (let redirects = other ? 1 : 0; ; redirects++) {
    const { transport, tls, secure } = await connect({ domain: initiator.domain, other, signal })
    const stream = new Stream(transport, idle, around, { reader: { limits: { maxBytes: maxStanzaBytes } } })
    try {
      return { stream, initiated: await initiate(stream, { ...initiator, tls, secure, signal }) }
    } catch (error) {
      other = otherHost(error)
      if (!other || redirects >= MAX_REDIRECTS) throw error
    }
  }
}

/** Where a `<see-other-host/>` leads: `host`, `host:port`, and IPv6 in brackets. Undefined: nowhere that can be understood. */
export function otherHost(error: unknown): Route['other'] {
  if (!(error instanceof StreamError) || error.condition !== 'see-other-host') return undefined
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/.exec(error.address ?? '')
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? undefined : Number(match[3])
  if (host === undefined || port === 0 || (port ?? 0) > 65_535) return undefined
  return { host, port }
}

const idle = { event: () => undefined, closed: () => undefined, failed: () => undefined }
