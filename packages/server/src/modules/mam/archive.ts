/** The archives of a host's accounts: what goes in, and what comes out. */

import { isFull, type Jid } from '@tercet/jid'
import { StanzaError, writeStanza, type Message } from '@tercet/stanza'
import type { Log, LogEntry } from '@tercet/storage'
import type { Account } from '../../account.ts'
import type { Host } from '../../host.ts'
import type { InboundEvent, OutboundEvent } from '../../points.ts'
import type { Turn } from '../../turn.ts'
import { storable } from '../storable.ts'
import type { Preferences } from './preferences.ts'
import { buried, retracts } from './retraction.ts'

/** Name of the log of messages, by the local parts of accounts. */
export const ARCHIVE = 'archive'

/** The archives of one host. */
export class Archive {
  readonly log: Log
  readonly #host: Host
  readonly #preferences: Preferences
  readonly #retractDays: number

  /** @param retractDays how far back a retraction reaches */
  constructor(host: Host, preferences: Preferences, retractDays: number) {
    this.#host = host
    this.#preferences = preferences
    this.#retractDays = retractDays
    this.log = host.server.storage.log(ARCHIVE)
  }

  /** Keeps what an account sends to others; what it sends to itself is kept when it arrives (XEP-0313 §6.1.1: once). */
  sent(event: OutboundEvent & { stanza: Message }): void | Promise<void> {
    const { stanza, session } = event
    if (!stanza.to) return
    const { account } = session
    if (stanza.to.bare.text === account.jid.text || !storable(stanza)) return
    const keeps = this.#preferences.keeps(account, stanza.to)
    if (keeps instanceof Promise) return keeps.then(keeps => (keeps ? this.#keep(account, stanza, event) : undefined))
    if (keeps) return this.#keep(account, stanza, event)
  }

  /** Keeps what reaches an account. What would be refused has been (§6). */
  received(event: InboundEvent & { stanza: Message }): void | Promise<void> {
    const { stanza, account } = event
    if (!stanza.from || !storable(stanza)) return
    const keeps = this.#preferences.keeps(account, stanza.from)
    if (keeps instanceof Promise) return keeps.then(keeps => (keeps ? this.#keep(account, stanza, event) : undefined))
    if (keeps) return this.#keep(account, stanza, event)
  }

  #keep(account: Account, message: Message, event: InboundEvent | OutboundEvent): void | Promise<void> {
    if (retracts(message)) return this.#keepRetraction(account, message, event)
    event.id = this.#append(account, message, event.turn)
  }

  /** The retraction itself stays as well, for clients that come later (XEP-0424 §5); both are on disk together. */
  async #keepRetraction(account: Account, message: Message, event: InboundEvent | OutboundEvent): Promise<void> {
    const peer = peerOf(account, message).bare.text
    const found = await buried(this.log, account, peer, { retraction: message, days: this.#retractDays })
    event.id = this.#append(account, message, event.turn)
    if (found) this.log.replace(event.turn.unit, this.#host.domain, account.jid.local, found.id, found.body)
  }

  /** The id is made and the entry appended in one go: whoever reads the archive misses nothing that has an earlier id. */
  #append(account: Account, message: Message, turn: Turn): string {
    const { server, limits, domain } = this.#host
    if (server.storage.backlog > limits.storageBacklog)
      throw new StanzaError('resource-constraint', { text: 'The server is busy; try again later' })
    const id = server.newId()
    const peer = peerOf(account, message)
    const entry: LogEntry = { id, at: Date.now(), peer: peer.bare.text, body: textOf(message) }
    this.log.append(turn.unit, domain, account.jid.local, isFull(peer) ? { ...entry, resource: peer.resource } : entry)
    return id
  }
}

/** With whom an account talks in a message; itself, if nobody else is in it. */
export function peerOf(account: Account, { from, to }: Message): Jid {
  return from && from.bare.text !== account.jid.text ? from : (to ?? account.jid)
}

let lastMessage: Message | undefined
let lastText = ''

/** The text is the same in the archives of both ends, which come one after the other. */
function textOf(message: Message): string {
  if (message !== lastMessage) {
    lastMessage = message
    lastText = writeStanza(message)
  }
  return lastText
}
