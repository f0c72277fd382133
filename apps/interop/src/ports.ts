/** Free loopback ports for servers that cannot be asked for port 0. */

import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'

/** Reserves `count` distinct ports that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    // An IP server's address is never a string (that is for pipes) nor null while it listens.
    ports.push((server.address() as AddressInfo).port)
  }
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return ports
}

/** Whether something accepts connections on this loopback port. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1_000) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
