/** Other servers: how it stands with them, an attempt to reach one, certificates trusted on first use. */

import type { Step } from '@tercet/s2s'
import { z } from 'zod'
import type { Federation } from '../federation/federation.ts'
import { domain } from '../schema-domain.ts'
import { UserError } from '../user-error.ts'
import { operation } from './operation.ts'

function need(federation: Federation | undefined): Federation {
  if (!federation) throw new UserError('Federation is off: set listen.s2s, or s2s.federation')
  return federation
}

/** All remote domains with their streams and queues, and the certificates that were trusted on first use. */
export const s2sList = operation({
  name: 's2s.list',
  input: z.strictObject({}),
  async run({ federation }) {
    const { gateway, pins } = need(federation)
    return { domains: gateway.list(), pins: await pins.list() }
  },
})

/** One attempt to reach a domain, apart from its queue: each step, and what it failed of. */
export const s2sTest = operation({
  name: 's2s.test',
  input: z.strictObject({ domain, from: domain.optional() }),
  async run({ server, federation }, { domain, from }) {
    const { gateway } = need(federation)
    const [first] = server.hosts.keys()
    const own = from ?? first
    if (own === undefined || !server.hosts.has(own)) throw new UserError(`${own ?? 'Nothing'} is not served here`)
    if (gateway.isLocal(domain)) throw new UserError(`${domain} is served here: it never leaves this server`)
    const steps: Step[] = []
    try {
      await gateway.test(own, domain, step => steps.push(step))
      return { from: own, steps, failure: undefined }
    } catch (error) {
      return { from: own, steps, failure: error instanceof Error ? error.message : String(error) }
    }
  },
})

/** Forgets the certificate that was trusted on first use: the next one is. */
export const s2sForget = operation({
  name: 's2s.forget',
  input: z.strictObject({ domain }),
  async run({ federation }, { domain }) {
    if (!(await need(federation).pins.forget(domain)))
      throw new UserError(`No certificate of ${domain} was trusted on first use`)
    return { domain }
  },
})
