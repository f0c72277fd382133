/** Whether a key that a stream brought is right: the authority for its domain is asked (XEP-0220 1.1.1 §2.1.2, §2.5). */

import type { Pair, Verification } from './dialback.ts'
import { failureOf } from './failure.ts'
import type { Gateway } from './gateway.ts'
import type { Link } from './link.ts'
import { verifyOnce } from './outgoing.ts'

/** The verifications of a gateway. */
export class Verifications {
  readonly #gateway: Gateway
  #underWay = 0

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** Asks the authority for `to`, never on `asking`, the stream that brought the key (XEP-0288 §2.1). */
  async verify({ from, to }: Pair, id: string, key: string, asking: Link): Promise<Verification> {
    const gateway = this.#gateway
    if (this.#underWay >= gateway.limits.verifications) return { error: 'resource-constraint' }
    this.#underWay++
    try {
      for (const link of gateway.linksTo(to))
        if (link !== asking && link.facts.direction === 'outgoing' && link.stream.open)
          return relayed(await link.dialback.verify({ from, to }, id, key))
      return relayed(await verifyOnce(gateway, { from, to, signal: gateway.within() }, id, key))
    } catch (error) {
      const { condition, reason } = failureOf(error)
      gateway.logger.info({ domain: to, reason }, 'A dialback key could not be verified')
      if (condition === 'remote-server-not-found' && (error as { name?: string }).name === 'StreamError')
        return { error: 'remote-server-not-found' }
      return { error: isConnected(error) ? 'remote-server-timeout' : 'remote-connection-failed' }
    } finally {
      this.#underWay--
    }
  }
}

/** The authority does not know its own domain. */
function relayed(verification: Verification): Verification {
  if (typeof verification === 'string') return verification
  return { error: verification.error === 'item-not-found' ? 'remote-server-not-found' : 'remote-server-timeout' }
}

/** There was a stream, and it ended. */
function isConnected(error: unknown): boolean {
  return error instanceof Error && (error.name === 'StreamEnded' || error.name === 'StreamError')
}
