/** Who can do what: sessions here, and resources of contacts elsewhere. */

import { isFull, type BareJid, type FullJid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { hasFrom, hasTo, type Presence } from '@tercet/stanza'
import type { Account } from '../../account.ts'
import type { Host } from '../../host.ts'
import type { InboundEvent, OutboundEvent } from '../../points.ts'
import type { Session } from '../../session.ts'
import { sessionKey } from '../../session-key.ts'
import type { Turn } from '../../turn.ts'
import type { Rosters } from '../roster.ts'
import { findClaim, readClaim } from './claim.ts'
import type { Features, KnownCaps } from './known.ts'
import { capsKnown } from './points.ts'
import type { Questions } from './questions.ts'
import { Resources, type Resource } from './resources.ts'

/** What a session has claimed, and who waits to hear what that means. */
interface SessionCaps {
  readonly claim: string
  features: Features | undefined
  readonly waiting: Set<Account>
}

const sessionCaps = sessionKey<SessionCaps>('capabilities', {
  // Who waits for an answer hears of it with the next presence that says something new.
  write: ({ claim, features }) => ({ claim, features: features && [...features] }),
  read(plain) {
    const { claim, features } = plain as { claim: string; features?: string[] }
    return { claim, features: features && new Set(features), waiting: new Set() }
  },
})

/** Turns of presences that announce a session, or what it can do now: their copies are news to whom they reach. */
const announcing = new WeakSet<Turn>()

/** What is known of everybody whose presence accounts of this host have. */
export class Capabilities {
  readonly #host: Host
  readonly #rosters: Rosters
  readonly #known: KnownCaps
  readonly #questions: Questions
  readonly #resources: Resources

  constructor(host: Host, rosters: Rosters, known: KnownCaps, questions: Questions, maxResources: number) {
    this.#host = host
    this.#rosters = rosters
    this.#known = known
    this.#questions = questions
    this.#resources = new Resources(maxResources)
  }

  /** What a session can do; undefined: nobody knows (yet). */
  session(session: Session): Features | undefined {
    return session.get(sessionCaps)?.features
  }

  /** Resources of a contact elsewhere that share their presence with `account`. */
  resources(contact: BareJid, account: BareJid): Iterable<Resource> {
    return this.#resources.of(contact, account)
  }

  /** A resource elsewhere cannot be reached any more: it is not counted before its next presence. */
  lost(jid: FullJid, account: BareJid): void {
    this.#resources.gone(jid, account)
  }

  /** A session sends something: whether it announces what it can do, and what that is. */
  sent({ session, stanza, turn }: OutboundEvent & { stanza: Presence }): void {
    if (stanza.to !== undefined || stanza.type !== undefined) return
    const index = findClaim(stanza)
    const before = session.get(sessionCaps)
    // XEP-0115 §8.4: a presence that leaves it out leaves it as it was.
    const text = index < 0 ? before?.claim : stanza.content.textAt(index)
    if (text === undefined || (session.presence && before?.claim === text)) return
    announcing.add(turn)
    if (before?.claim === text && before.features) return
    const claim = readClaim(stanza, index)
    if (!claim) return
    const caps: SessionCaps = { claim: text, features: undefined, waiting: new Set() }
    session.set(sessionCaps, caps)
    if (claim.key !== undefined) caps.features = this.#known.get(claim.key)
    if (caps.features) return
    const { account, jid } = session
    const learn = (features: Features | undefined): void => {
      // It may have said something else since.
      if (session.get(sessionCaps) !== caps) return
      caps.features = features
      if (features) for (const account of caps.waiting) tellLater(account, jid, features)
      caps.waiting.clear()
    }
    this.#questions.ask({ jid, claim, account, learn }, turn)
  }

  /** A presence reaches an account. */
  received({ account, stanza, turn }: InboundEvent & { stanza: Presence }): void | Promise<void> {
    const { from } = stanza
    if (!from || !isFull(from)) return
    const origin = turn.origin?.session
    if (origin) {
      if (stanza.type === undefined && announcing.has(turn) && from.text === origin.jid.text)
        return this.#announced(account, origin, turn)
      return
    }
    if (stanza.to?.resource !== '' || this.#host.server.hosts.has(from.domain)) return
    if (stanza.type === 'unavailable') this.#resources.gone(from, account.jid)
    else if (stanza.type === undefined) return this.#fromAfar(account, from, stanza, turn)
  }

  #announced(account: Account, session: Session, turn: Turn): void | Promise<void> {
    const caps = session.get(sessionCaps)
    if (caps?.features) return tell(account, session.jid, caps.features, turn)
    caps?.waiting.add(account)
  }

  #fromAfar(account: Account, jid: FullJid, presence: Presence, turn: Turn): void | Promise<void> {
    const index = findClaim(presence)
    if (index < 0) return
    const text = presence.content.textAt(index)
    const before = this.#resources.get(jid)
    if (before?.claim === text && before.seenBy.has(account.jid.text)) return
    const learnt = (contact: { state: Parameters<typeof hasTo>[0] }): void | Promise<void> => {
      // Nobody but contacts is remembered: strangers would fill the memory.
      if (!hasTo(contact.state) && !hasFrom(contact.state)) return
      return this.#learn(account, jid, presence, index, turn)
    }
    const contact = this.#rosters.get(account, jid.bare)
    return contact instanceof Promise ? contact.then(learnt) : learnt(contact)
  }

  #learn(account: Account, jid: FullJid, presence: Presence, index: number, turn: Turn): void | Promise<void> {
    const claim = readClaim(presence, index)
    if (!claim) return
    const resource = this.#resources.heard(jid, claim.text, account.jid)
    if (claim.key !== undefined) resource.features ??= this.#known.get(claim.key)
    if (resource.features) return tell(account, jid, resource.features, turn)
    const learn = (features: Features | undefined): void => {
      if (resource.claim !== claim.text) return
      resource.features = features
      if (features && resource.seenBy.has(account.jid.text)) tellLater(account, jid, features)
    }
    this.#questions.ask({ jid, claim, account, learn }, turn)
  }
}

function tell(account: Account, jid: FullJid, features: Features, turn: Turn): void | Promise<void> {
  return account.host.tell(capsKnown, { account, jid, features, turn })
}

/** In the account's queue, behind what is there. */
function tellLater({ host, jid: owner }: Account, jid: FullJid, features: Features): void {
  const account = host.account(owner)
  account.enter(() => host.server.work(turn => tell(account, jid, features, turn)))
}

/** What others can do, for modules. */
export const capabilities = service<Capabilities>('capabilities')
