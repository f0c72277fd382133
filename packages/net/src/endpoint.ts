/** The two ends of a socket as the stream sees them. */
import type { Duplex } from 'node:stream'
import type { Endpoint } from '@tercet/stream'

/** What a net.Socket tells while it is connected; other streams have no ends. */
interface Ends {
  readonly remoteAddress?: string
  readonly remotePort?: number
  readonly localAddress?: string
  readonly localPort?: number
}

/** The far end; empty when the socket is gone already. */
export function remoteEnd(socket: Duplex): Endpoint {
  const { remoteAddress = '', remotePort = 0 } = socket as Ends // all optional, so true of any stream
  return { address: plainAddress(remoteAddress), port: remotePort }
}

/** Our end; empty when the socket is gone already. */
export function localEnd(socket: Duplex): Endpoint {
  const { localAddress = '', localPort = 0 } = socket as Ends // as above
  return { address: plainAddress(localAddress), port: localPort }
}

/** An address without the clothes that a dual-stack listener puts on IPv4 (`::ffff:192.0.2.1`): one peer, one spelling. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
