/** Answers requests to the server and its accounts, and delivers those to sessions (RFC 6120 §10.5, RFC 6121 §8.5). */

import { isFull, type Jid } from '@tercet/jid'
import { StanzaError, type Iq, type Stanza } from '@tercet/stanza'
import type { Account } from './account.ts'
import type { Host } from './host.ts'
import type { Target } from './iq.ts'
import type { Turn } from './turn.ts'

/**
 * Answers a request or delivers it to the session that it names; results and errors that match nothing are ignored.
 *
 * @throws {StanzaError} `service-unavailable` and whatever the handler refuses with
 */
export function answer(
  host: Host,
  target: Target,
  iq: Iq,
  account: Account | undefined,
  turn: Turn,
): void | Promise<void> {
  const { to } = iq
  if (account && to && isFull(to)) {
    const session = host.session(to)
    if (session) return session.sendStanza(iq)
    if (iq.type === 'get' || iq.type === 'set') throw new StanzaError('service-unavailable')
    return
  }
  if (iq.type === 'result' || iq.type === 'error') return
  // Who has left without a word does not hear it; what it asks for at last can be much work.
  if (iq.type === 'get' && turn.origin?.gone) return
  const reply = host.iqs.answer(target, { iq, from: sender(iq), turn, session: turn.origin?.session, account })
  if (reply instanceof Promise) return reply.then(reply => respond(host, reply, account, turn))
  respond(host, reply, account, turn)
}

/** A result that promises a change waits for the disk; should that fail, the sender hears of it instead. */
function respond(host: Host, reply: Iq, account: Account | undefined, turn: Turn): void {
  const { to, from } = reply
  const session = to && host.server.session(to)
  if (turn.state === 'durable') {
    // This runs in the queue of the session's account: behind all that waits there, many answers would wait as trees, without a bound.
    if (session && session.account === account) return session.sendStanza(reply)
    return host.send(reply, turn)
  }
  // In the session's outbox, so that nothing that is sent later overtakes it.
  session?.sendStanza(reply, turn)
  turn.whenDecided(() => {
    if (turn.state === 'durable') {
      if (!session) void host.server.work(turn => host.send(reply, turn))
      return
    }
    const error = new StanzaError('resource-constraint', {
      text: 'The change could not be stored; try again later',
      cause: turn.error,
    })
    const request = reply.with({ type: 'set', to: from, from: to })
    void host.server.work(turn => host.server.router.refuse(request, error, turn))
  })
}

/** The sender of a stanza that came through the router. */
function sender(stanza: Stanza): Jid {
  if (!stanza.from) throw new TypeError('A routed stanza has a sender')
  return stanza.from
}
