/** Push notifications (XEP-0357): where those of an account go, and whether they arrive. */

import { BareJid } from '@tercet/jid'
import { pushes, type PushState } from '@tercet/server/modules'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import { locate } from './account.ts'
import { operation } from './operation.ts'

const address = z.strictObject({ jid: z.string() })

/** A node that is not told anything any more. */
export interface PushFailure {
  readonly jid: string
  readonly node: string
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The nodes of an account, and those that their services wanted no more. */
export const showPush = operation({
  name: 'push.show',
  input: address,
  async run({ server }, { jid }): Promise<{ nodes: readonly PushState[]; failures: readonly PushFailure[] }> {
    const { host, local, text } = locate(server, jid)
    if (!(await host.accounts.exists(local))) throw new UserError(`There is no account ${text}`)
    return host.services.get(pushes).show(local)
  },
})

/** Tells all nodes of an account something, and gives what their services say within a minute. */
export const testPush = operation({
  name: 'push.test',
  input: address,
  async run(
    { server, shutDown },
    { jid },
  ): Promise<{ answers: readonly { jid: string; node: string; answer: string }[] }> {
    if (!shutDown) throw new UserError('No server is running')
    const { host, local } = locate(server, jid)
    const account = host.account(BareJid.of(local, host.domain))
    return { answers: await host.services.get(pushes).test(account) }
  },
})
