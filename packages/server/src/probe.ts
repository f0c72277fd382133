/** Refusing probes (RFC 6121 §4.3.2): the same answer whether the account exists or not. */

import type { BareJid, Jid } from '@tercet/jid'
import { presence } from '@tercet/stanza'
import type { Host } from './host.ts'
import type { Turn } from './turn.ts'

/** Answers `unsubscribed` in the name of `account`: to the other server, or to the client here that has asked itself. */
export function refuseProbe(host: Host, account: BareJid, from: Jid, turn: Turn): void {
  const session = host.server.session(from)
  const refusal = presence({ type: 'unsubscribed', from: account, to: from })
  if (session) session.sendStanza(refusal)
  else host.send(refusal.with({ to: from.bare }), turn)
}
