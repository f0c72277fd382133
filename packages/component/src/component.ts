/** One component that is known here: its connection, and what it was sent and has not confirmed. */

import { isAnswerable, isKept, StanzaError, writeStanza, type Stanza } from '@tercet/stanza'
import type { Timed } from '@tercet/stream'
import type { Components } from './components.ts'
import type { Connection } from './connection.ts'
import { Entry } from './entry.ts'
import type { Work } from './ports.ts'

/** A component by its domain, connected or not. */
export class Component implements Timed {
  readonly components: Components
  readonly domain: string
  readonly secret: string
  connection: Connection | undefined
  /** It has answered a ping: if it does not answer one, it is not there. */
  answers = false
  wheelSlot: number | undefined
  /** What the last connection left, or an earlier process, in order. */
  #waiting: Entry[] = []
  /** When that is given up. */
  #giveUpMs = 0
  /** Stanzas that wait or are unconfirmed, and their characters. */
  #count = 0
  #characters = 0

  constructor(components: Components, domain: string, secret: string) {
    this.components = components
    this.domain = domain
    this.secret = secret
    this.connection = undefined
    this.wheelSlot = undefined
  }

  /** A stream that has ended takes nothing, also before its connection is gone. */
  get isConnected(): boolean {
    return this.connection?.stream.open === true
  }

  /** Stanzas that it has not confirmed. */
  get unconfirmed(): number {
    return this.#count
  }

  /** @throws {StanzaError} `service-unavailable`: it is not connected · `resource-constraint`: too much is unconfirmed */
  send(stanza: Stanza, work: Work | undefined): void {
    const { connection } = this
    // A promise that is not given need not be kept: the sender hears it now (RFC 6120 §10.5).
    if (!connection?.stream.open) return refuseIfAnswerable(stanza, absent(this.domain))
    const { limits, storage, newId } = this.components
    const text = writeStanza(stanza)
    // What nobody was promised needs no row on a stream that lives (docs/architecture.md, "Acknowledged means durable").
    if (!storage || !work?.promised || !isKept(stanza)) {
      if (!connection.send(text)) refuseIfAnswerable(stanza, tooMuch(this.domain))
      return
    }
    if (this.#count >= limits.queueStanzas || this.#characters + text.length > limits.queueCharacters)
      return refuseIfAnswerable(stanza, tooMuch(this.domain))
    const entry = new Entry(this.domain, { id: newId(), at: Date.now(), text }, work)
    this.#add(entry)
    storage.spool.put(work.unit, entry)
    if (!connection.sendEntry(entry)) {
      this.confirmed([entry])
      return refuseIfAnswerable(stanza, tooMuch(this.domain))
    }
    work.whenDecided(() => {
      if (work.state === 'failed') this.refuse([entry], unstored())
    })
  }

  /** Takes what an earlier process left. */
  restore(entries: readonly Entry[]): void {
    for (const entry of entries) this.#add(entry)
    this.#wait(entries)
  }

  /** It has come: what waited goes first. */
  connected(connection: Connection): void {
    // One whose stream has ended while its connection has not.
    this.#waiting.push(...(this.connection?.take() ?? []))
    this.connection = connection
    this.components.wheel.remove(this)
    for (const entry of this.#waiting.splice(0)) if (!entry.gone) connection.sendEntry(entry)
  }

  /** It has gone; `unconfirmed` is what it was sent, in order. */
  disconnected(connection: Connection, unconfirmed: readonly Entry[]): void {
    if (this.connection === connection) this.connection = undefined
    this.#wait(unconfirmed)
  }

  #wait(entries: readonly Entry[]): void {
    if (entries.length === 0 || this.components.closed) return
    const { wheel, limits } = this.components
    this.#waiting.push(...entries)
    this.#giveUpMs = wheel.now + limits.returnMs
    wheel.add(this, this.#giveUpMs)
  }

  due(nowMs: number): number {
    if (nowMs < this.#giveUpMs) return this.#giveUpMs
    this.refuse(this.#waiting.splice(0), absent(this.domain))
    return 0
  }

  /** It has taken these. */
  confirmed(entries: readonly Entry[]): void {
    const settled = entries.filter(entry => this.#forget(entry))
    if (settled.length > 0) this.components.storage?.spool.settle(settled)
    this.components.settled()
  }

  /** Tells senders that their stanzas did not get there. They are settled when that was taken: told twice is better than never. */
  refuse(entries: readonly Entry[], error: StanzaError): void {
    const { receiver, storage } = this.components
    for (const entry of entries) {
      if (!this.#forget(entry)) continue
      const stanza = entry.stanza()
      if (isAnswerable(stanza)) receiver.refuse(stanza, error).whenOver(() => storage?.spool.settle([entry]))
      else storage?.spool.settle([entry])
    }
  }

  #add({ text }: Entry): void {
    this.#count++
    this.#characters += text.length
  }

  #forget(entry: Entry): boolean {
    if (entry.gone) return false
    entry.gone = true
    this.#count--
    this.#characters -= entry.text.length
    return true
  }
}

/** @throws {StanzaError} what was given, unless nobody waits for it */
function refuseIfAnswerable(stanza: Stanza, error: StanzaError): void {
  if (isAnswerable(stanza)) throw error
}

function absent(domain: string): StanzaError {
  return new StanzaError('service-unavailable', { text: `${domain} is not connected` })
}

function tooMuch(domain: string): StanzaError {
  return new StanzaError('resource-constraint', { text: `Too many stanzas wait for ${domain}` })
}

function unstored(): StanzaError {
  return new StanzaError('resource-constraint', { text: 'The stanza could not be stored; try again later' })
}
