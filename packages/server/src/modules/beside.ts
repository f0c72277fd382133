/** Requests whose answers take their time, such as pages of an archive. */

import type { Iq } from '@tercet/stanza'
import type { Host } from '../host.ts'
import { outbound } from '../points.ts'
import { answer } from '../request.ts'

/**
 * Lets requests of users to their own accounts be answered beside the account's queue. It begins in the queue, behind what the client has asked
 * for before, like carbons, or what comes between would be in neither; and goes on beside it, so that it holds up nobody but the client that waits.
 */
export function answerBeside(host: Host, takesTime: (iq: Iq) => boolean): void {
  host.onKind('iq', outbound, 'handle', ({ session, stanza, turn }) => {
    if (!takesTime(stanza)) return
    const { account } = session
    if (stanza.to && stanza.to.text !== account.jid.text) return
    return account
      .entered(() => {})
      .then(() => answer(host, 'self', stanza.with({ to: account.jid }), account, turn))
      .then(() => 'handled' as const)
  })
}
