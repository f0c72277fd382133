/** Two servers of a kind in federation: the same for each kind, but for how they find each other. */

import { freePorts } from '@tercet/testkit'
import { DOMAIN, FAR_DOMAIN } from '../ground.ts'
import type { BenchServer } from './server.ts'

/** Where the server of a domain is, at 127.0.0.1. */
export interface Place {
  readonly domain: string
  readonly port: number
}

/** One server of a federation, and where all others are. */
export interface Side extends Place {
  readonly others: readonly Place[]
}

/** Starts both, and gives the one of {@link DOMAIN}. */
export async function startFederation(start: (side: Side) => Promise<BenchServer>): Promise<BenchServer> {
  const [nearPort = 0, farPort = 0] = await freePorts(2)
  const [near, far] = [
    { domain: DOMAIN, port: nearPort },
    { domain: FAR_DOMAIN, port: farPort },
  ] as const
  await using stack = new AsyncDisposableStack()
  const nearServer = stack.use(await start({ ...near, others: [far] }))
  const farServer = stack.use(await start({ ...far, others: [near] }))
  const { name, pid, port } = nearServer
  const both = stack.move()
  return { name, pid, port, far: farServer, [Symbol.asyncDispose]: () => both.disposeAsync() }
}
