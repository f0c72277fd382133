/** Free ports of the loopback interface, for servers that cannot be told to choose one themselves. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/**
 * Finds `count` different ports of 127.0.0.1 that nobody listens on now. All are held until the last one is found, so one call
 * never names a port twice; another process may still take one before it is used, so launch again when that happens.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      server =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          // An address in string form belongs to a pipe; this one listens on TCP.
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
        }),
    ),
  )
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}
