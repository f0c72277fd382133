/** Gives pushes to clients, and hears what they say to them. */

import { BareJid } from '@tercet/jid'
import { iq, StanzaError, stanzaError, type Iq } from '@tercet/stanza'
import * as wire from '@tercet/stanza/unified-push'
import type { Timed } from '@tercet/stream'
import { clientOf } from '../../clients.ts'
import type { Host } from '../../host.ts'
import type { Session } from '../../session.ts'
import { newToken } from '../../token.ts'
import type { Endpoint } from './endpoints.ts'

/** What became of a push. `kept`: it waits for a client that has lost its link; `gone`: there is no such app any more. */
export type Relayed = 'away' | 'busy' | 'gone' | 'kept' | 'taken'

interface Waiting extends Timed {
  readonly session: Session
  readonly heard: (relayed: Relayed) => void
}

/** How long a client may take to answer: a web server waits for it. */
const PATIENCE_MS = 10_000
/** Pushes of a host that wait for an answer. */
const MAX_WAITING = 1000

/** Pushes of one host that are under way. */
export class Relay {
  readonly #host: Host
  /** By id of the request. */
  readonly #waiting = new Map<string, Waiting>()

  constructor(host: Host) {
    this.#host = host
  }

  /** Gives a push to the client of an endpoint, if it is there. */
  push(endpoint: Endpoint, data: Uint8Array): Promise<Relayed> {
    const { jid, server } = this.#host
    const { application, instance } = endpoint
    const session = this.#sessionOf(endpoint)
    if (!session) return Promise.resolve('away')
    if (this.#waiting.size >= MAX_WAITING) return Promise.resolve('busy')
    const id = `up-${newToken()}`
    const payload = wire.push.request.write({ application, instance, data })
    const request = iq({ type: 'set', id, from: jid, to: session.jid, payload })
    if (!session.attached) {
      session.sendStanza(request)
      return Promise.resolve('kept')
    }
    return new Promise(resolve => {
      const waiting: Waiting = {
        session,
        wheelSlot: undefined,
        heard: resolve,
        // Stream management has it until the client has handled it.
        due: () => (this.#over(id, session.managed && session.phase !== 'over' ? 'kept' : 'away'), 0),
      }
      this.#waiting.set(id, waiting)
      server.wheel.add(waiting, server.wheel.now + PATIENCE_MS)
      session.sendStanza(request)
    })
  }

  /** An answer of a session has come; false: it is none to us. */
  answered(session: Session, answer: Iq): boolean {
    const waiting = this.#waiting.get(answer.id)
    if (waiting?.session !== session) return false
    if (answer.type === 'result') this.#over(answer.id, 'taken')
    else this.#over(answer.id, isGone(errorOf(answer)) ? 'gone' : 'away')
    return true
  }

  /** The session that registered, or the one that its client has now: with Bind 2 resources change (XEP-0386 §3.2). */
  #sessionOf({ local, resource, client }: Endpoint): Session | undefined {
    let other: Session | undefined
    for (const session of this.#host.sessions(BareJid.of(local, this.#host.domain))) {
      if (session.jid.resource === resource) return session
      if (client !== undefined && session.get(clientOf) === client) other = session
    }
    return other
  }

  #over(id: string, relayed: Relayed): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    this.#waiting.delete(id)
    this.#host.server.wheel.remove(waiting)
    waiting.heard(relayed)
  }
}

function isGone({ condition }: StanzaError): boolean {
  return condition === 'item-not-found' || condition === 'feature-not-implemented'
}

function errorOf(answer: Iq): StanzaError {
  return answer.get(stanzaError) ?? new StanzaError('undefined-condition')
}
