/** An account as a publish-subscribe service of its own (XEP-0163 1.2.2 §3.1). */

import type { BareJid, FullJid, Jid } from '@tercet/jid'
import { hasFrom, hasTo } from '@tercet/stanza'
import type { Awaitable } from '@tercet/storage'
import type { Account } from '../../account.ts'
import type { Host } from '../../host.ts'
import type { Blocks } from '../blocks.ts'
import type { Capabilities, Features } from '../caps/index.ts'
import type { Turn } from '../../turn.ts'
import type {
  NodeChange,
  NodeConfig,
  PubsubLimits,
  PubsubNode,
  PubsubService,
  PubsubStore,
  Relation,
} from '../pubsub/index.ts'
import { authorizationRequest } from '../pubsub/index.ts'
import type { Contact, Rosters } from '../roster.ts'
import { nodeDefaults } from './defaults.ts'
import { nodeChanged } from './points.ts'

/** What the services of a host share. */
export interface Surroundings {
  readonly host: Host
  readonly store: PubsubStore
  readonly rosters: Rosters
  readonly capabilities: Capabilities
  readonly blocks: Blocks
  readonly limits: PubsubLimits
}

/** The nodes of one account. */
export class AccountService implements PubsubService {
  readonly host: Host
  readonly store: PubsubStore
  readonly jid: BareJid
  readonly owner: string
  readonly limits: PubsubLimits
  readonly autoCreate = true
  readonly #account: Account
  readonly #rosters: Rosters
  readonly #capabilities: Capabilities
  readonly #blocks: Blocks
  readonly #quiet: boolean

  /** @param quiet `nodeChanged` does not tell what is done by this one */
  constructor(account: Account, { host, store, rosters, capabilities, blocks, limits }: Surroundings, quiet: boolean) {
    this.host = host
    this.store = store
    this.jid = account.jid
    this.owner = account.jid.local
    this.limits = limits
    this.#account = account
    this.#rosters = rosters
    this.#capabilities = capabilities
    this.#blocks = blocks
    this.#quiet = quiet
  }

  owns(entity: BareJid): boolean {
    return entity.text === this.jid.text
  }

  mayCreate(entity: BareJid): boolean {
    return this.owns(entity)
  }

  relation(entity: BareJid): Awaitable<Relation> {
    const contact = this.#rosters.get(this.#account, entity)
    return contact instanceof Promise ? contact.then(relationOf) : relationOf(contact)
  }

  defaults(node: string): NodeConfig {
    return nodeDefaults(node)
  }

  changed(node: PubsubNode, change: NodeChange, turn: Turn): void | Promise<void> {
    if (!this.#quiet) return this.host.tell(nodeChanged, { account: this.#account, node, change, turn })
  }

  ask({ name }: PubsubNode, subscriber: Jid, turn: Turn): void {
    this.host.send(authorizationRequest(this, name, subscriber, this.jid), turn)
  }

  available(entity: Jid): boolean {
    const sessions = this.host.server.hosts.get(entity.domain)?.sessions(entity.bare)
    if (sessions)
      return sessions.some(({ presence, jid }) => presence && (entity.resource === '' || jid.text === entity.text))
    for (const { jid } of this.#capabilities.resources(entity.bare, this.jid))
      if (entity.resource === '' || jid.text === entity.text) return true
    return false
  }

  /** Resources of a contact that are there, and what they can do, as far as it is known. */
  present(contact: BareJid): { jid: FullJid; features: Features }[] {
    const found: { jid: FullJid; features: Features }[] = []
    const here = this.host.server.hosts.get(contact.domain)
    if (here) {
      for (const session of here.sessions(contact)) {
        const features = session.presence && this.#capabilities.session(session)
        if (features) found.push({ jid: session.jid, features })
      }
    } else {
      for (const { jid, features } of this.#capabilities.resources(contact, this.jid))
        if (features) found.push({ jid, features })
    }
    return found
  }

  blocks(entity: Jid): Awaitable<boolean> {
    return this.#blocks.refuses(this.#account, entity)
  }

  /**
   * Resources that want to hear of the node: the owner's, and those of contacts who may read it (§4.3). The owner's roster says who that
   * is, and each session or resource knows what it wants, once for all whose contact it is.
   */
  async audience({ name, config, affiliations }: PubsubNode): Promise<readonly FullJid[]> {
    const wanted = `${name}+notify`
    const found: FullJid[] = []
    this.#sessions(this.jid, wanted, found)
    const listed = Object.keys(affiliations).length > 0
    const { accessModel, groups } = config
    if ((accessModel === 'whitelist' || accessModel === 'authorize') && !listed) return found
    for (const { jid, contact } of await this.#rosters.list(this.#account)) {
      const affiliation = listed && Object.hasOwn(affiliations, jid.text) ? affiliations[jid.text] : undefined
      if (affiliation === 'outcast') continue
      const listedReader = affiliation === 'member' || affiliation === 'publisher' || affiliation === 'owner'
      const may = listedReader || mayHear(contact, accessModel, groups)
      if (!may || (await this.blocks(jid))) continue
      if (this.host.server.hosts.has(jid.domain)) this.#sessions(jid, wanted, found)
      else
        for (const { jid: resource, features } of this.#capabilities.resources(jid, this.jid))
          if (features?.has(wanted)) found.push(resource)
    }
    return found
  }

  #sessions(jid: BareJid, wanted: string, found: FullJid[]): void {
    const sessions = this.host.server.hosts.get(jid.domain)?.sessions(jid) ?? []
    for (const session of sessions)
      if (session.presence && this.#capabilities.session(session)?.has(wanted)) found.push(session.jid)
  }
}

function relationOf({ state, groups }: Contact): Relation {
  return { subscribed: hasFrom(state), groups }
}

/** Whether a contact hears of a node by itself. Who shares his presence with the owner does so of open nodes, even if it is not returned. */
function mayHear(
  { state, groups }: Contact,
  accessModel: NodeConfig['accessModel'],
  allowed: readonly string[],
): boolean {
  switch (accessModel) {
    case 'open':
      return hasFrom(state) || hasTo(state)
    case 'presence':
      return hasFrom(state)
    case 'roster':
      return hasFrom(state) && groups.some(group => allowed.includes(group))
    default:
      return false
  }
}
