/** Free ports of the loopback interface, for servers that cannot be told to choose one themselves. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** Ports given away by this process. Bounded: there are 65 535. */
const given = new Set<number>()

/**
 * Finds `count` different ports of 127.0.0.1 that nobody listens on now. A process never names
 * a port twice; another one may still take it before it is used, so launch again when that happens.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  while (found.length < count) {
    const server = createServer()
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      // An address in string form belongs to a pipe; this one listens on TCP.
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
    await new Promise(resolve => server.close(resolve))
    if (given.has(port)) continue
    given.add(port)
    found.push(port)
  }
  return found
}
