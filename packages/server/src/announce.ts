/** Tells the cluster's directory which sessions are here, and how available. */

import type { Directory } from '@tercet/cluster'
import type { Host } from './host.ts'
import { presenceChanged, sessionClosed, sessionOpened, sessionResumed } from './points.ts'
import type { Session } from './session.ts'

/** Keeps the directory in step with the sessions of `host`. */
export function announceSessions(host: Host, node: string, directory: Directory): void {
  const put = ({ session }: { readonly session: Session }): void | Promise<void> =>
    directory.put({
      account: session.account.jid.text,
      resource: session.jid.resource,
      node,
      priority: session.presence ? session.priority : undefined,
    })
  host.on(sessionOpened, 'run', put)
  // It may have come from another node.
  host.on(sessionResumed, 'run', put)
  host.on(presenceChanged, 'run', event => {
    // One that is over is about to be removed.
    if (event.session.phase !== 'over') return put(event)
  })
  host.on(sessionClosed, 'run', ({ session }) => directory.remove(session.account.jid.text, session.jid.resource))
}
