/** Other domains, all in this process: each has a gateway and a port of its own, or is dead. */

import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { certificateVerifier, listen, s2sDialer, s2sTls, selfSigned } from '@tercet/net'
import { createGateway } from '@tercet/s2s'
import { freePorts } from '@tercet/testkit'
import type { Place } from '../servers/federation.ts'

/** Names of living domains begin so, and no others. */
export const LIVING = 'living'

/** Domains that are there, and where. Disposing closes them. */
export interface Remotes extends AsyncDisposable {
  readonly living: readonly Place[]
  /** In turns: nobody listens, and whoever is there says nothing. */
  readonly dead: readonly Place[]
  /** Takes the index of the living domain at which a message has arrived. */
  arrived: (index: number) => void
}

/** Starts them; at `homePort` is the server that writes to them, later. They prove themselves to it by dialback, and it to them. */
export async function startRemotes(living: number, dead: number, homePort: () => number): Promise<Remotes> {
  await using stack = new AsyncDisposableStack()
  const over = { over: true, whenOver: (run: () => void) => run() }
  const tls = s2sTls({ contexts: { default: selfSigned({ domains: ['remote.example'] }) }, defaultName: 'default' })
  const dialer = s2sDialer({ tls, targetOf: () => ({ host: '127.0.0.1', port: homePort() }) })
  const verifier = certificateVerifier()
  const places: Place[] = []
  for (let index = 0; index < living; index++) {
    const domain = `${LIVING}${index}.example`
    const receive = (): typeof over => {
      remotes.arrived(index)
      return over
    }
    const gateway = stack.use(
      createGateway({
        isLocal: name => name === domain,
        tls,
        dialer,
        verifier,
        receiver: { receive, refuse: () => over },
      }),
    )
    const listener = await listen({ address: '127.0.0.1', port: 0 }, transport => gateway.accept(transport))
    stack.defer(() => listener.close())
    places.push({ domain, port: listener.port })
  }
  const [refusing = 0] = await freePorts(1)
  const silent = await listenSilently(stack)
  const remotes: Remotes = {
    living: places,
    dead: Array.from({ length: dead }, (_, index) => ({
      domain: `dead${index}.example`,
      port: index % 2 === 0 ? refusing : silent,
    })),
    arrived: () => {},
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
  const all = stack.move()
  return remotes
}

/** A port that accepts connections and answers nothing. */
async function listenSilently(stack: AsyncDisposableStack): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    socket.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  // An address in string form belongs to a pipe; this one listens on TCP.
  return (server.address() as AddressInfo).port
}
