/** The two ends of a socket as the stream sees them. */
import type { Socket } from 'node:net'
import type { Endpoint } from '@tercet/stream'

/** The far end; empty when the socket is gone already. */
export function remoteEnd(socket: Socket): Endpoint {
  return { address: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
}

/** Our end; empty when the socket is gone already. */
export function localEnd(socket: Socket): Endpoint {
  return { address: plainAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 }
}

/** An address without the clothes that a dual-stack listener puts on IPv4 (`::ffff:192.0.2.1`): one peer, one spelling. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
