/** Confirms stanzas to a peer without stream management: by its answer to a ping that was sent after them (XEP-0199). */

import { StreamError, type Iq } from '@tercet/stanza'
import { escapeAttr } from '@tercet/xml'
import type { Limits } from './limits.ts'
import type { Owed } from './owed.ts'
import type { Session } from './session.ts'

/** Owed stanzas of one session: those that an unanswered ping covers, and those sent after it. At most one ping is unanswered. */
export class Confirmation {
  #covered: Owed[] = []
  #waiting: Owed[] = []
  #id: string | undefined
  #count = 0
  #characters = 0

  /** @throws {StreamError} `resource-constraint`: the peer leaves too much unconfirmed, though it may show in other ways that it is there */
  admit({ maxUnconfirmed, maxUnconfirmedCharacters }: Limits): void {
    const count = this.#covered.length + this.#waiting.length
    if (count >= maxUnconfirmed || this.#characters > maxUnconfirmedCharacters)
      throw new StreamError('resource-constraint', { text: 'Pings are not answered, and too much depends on it' })
  }

  add(owed: Owed): void {
    this.#waiting.push(owed)
    this.#characters += owed.text.length
  }

  /** Stanzas that no answer covers. */
  get size(): number {
    return this.#covered.length + this.#waiting.length
  }

  get waiting(): boolean {
    return this.#waiting.length > 0
  }

  /** The ping that covers all stanzas so far; undefined when there is none to cover, or the last ping is unanswered. */
  ask(session: Session): string | undefined {
    if (this.#id !== undefined || this.#waiting.length === 0) return undefined
    this.#covered = this.#waiting
    this.#waiting = []
    this.#id = `confirm-${++this.#count}`
    return ping(session, this.#id)
  }

  /** True when `iq` answers the ping: a result, or an error of a peer that knows no pings. */
  answered(iq: Iq): boolean {
    if (this.#id === undefined || iq.id !== this.#id || (iq.type !== 'result' && iq.type !== 'error')) return false
    this.#id = undefined
    return true
  }

  /** Takes out what the answered ping covers. */
  confirmed(): readonly Owed[] {
    const covered = this.#covered
    this.#covered = []
    for (const { text } of covered) this.#characters -= text.length
    return covered
  }

  /** Everything that no answer covers, in order. */
  unconfirmed(): readonly Owed[] {
    return [...this.#covered, ...this.#waiting]
  }

  /** A ping for its own sake: is the peer there? */
  static ping(session: Session): string {
    return ping(session, 'ping')
  }
}

const PING = "<ping xmlns='urn:xmpp:ping'/>"
// COMPAT(go-sendxmpp 0.5): a request whose payload has any other name ends it; any answer will do here.
const QUERY = "<query xmlns='jabber:iq:version'/>"

function ping(session: Session, id: string): string {
  const { jid, host } = session
  const payload = jid.resource.startsWith('go-sendxmpp.') ? QUERY : PING
  return `<iq type='get' from='${host.domain}' to='${escapeAttr(jid.text)}' id='${id}'>${payload}</iq>`
}
