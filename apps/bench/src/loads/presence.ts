/** Presence: a few accounts with many contacts say how they are. */

import type { LoadClient } from '@tercet/testkit/load-client'
import type { BenchServer } from '../servers/server.ts'
import { logIn } from './clients.ts'
import type { Load } from './load.ts'
import { countMarks, MARK } from './marks.ts'
import { until } from './wait.ts'

const PUBLISHERS = 4
const CONTACTS = 100
/** Presence stanzas under way, over all publishers. */
const OUTSTANDING = 40

/** Accounts that it needs. */
export const presenceAccounts = PUBLISHERS + CONTACTS

/** Logs in and makes the subscriptions (RFC 6121 §3.1). */
export async function preparePresence(server: BenchServer, locals: readonly string[]): Promise<Load> {
  const clients = await logIn(server, locals.slice(0, presenceAccounts))
  const publishers = clients.slice(0, PUBLISHERS)
  const contacts = clients.slice(PUBLISHERS)
  for (const publisher of publishers) await subscribe(publisher, contacts)
  return new Presences(publishers, contacts)
}

async function subscribe(publisher: LoadClient, contacts: readonly LoadClient[]): Promise<void> {
  for (const contact of contacts) {
    contact.send(`<presence to='${publisher.jid}' type='subscribe'/>`)
    await publisher.expect(new RegExp(`<presence[^>]*from=.${contact.jid}.[^>]*>`))
    publisher.send(`<presence to='${contact.jid}' type='subscribed'/>`)
    await contact.expect(new RegExp(`<presence[^>]*from=.${publisher.jid}/bench.[^>]*>`))
  }
}

class Presences implements Load {
  /** Copies that contacts got. */
  operations = 0
  readonly #publishers: readonly LoadClient[]
  readonly #contacts: readonly LoadClient[]
  readonly #text = Buffer.from(`<presence><show>away</show><status>${MARK}Gone for a walk</status></presence>`)
  #sent = 0
  #running = false

  constructor(publishers: readonly LoadClient[], contacts: readonly LoadClient[]) {
    this.#publishers = publishers
    this.#contacts = contacts
    for (const publisher of publishers) publisher.onData = () => {}
    for (const contact of contacts) contact.onData = chunk => this.#arrived(countMarks(chunk))
  }

  start(): void {
    this.#running = true
    this.#fill()
  }

  async stop(): Promise<void> {
    this.#running = false
    await until(() => this.operations === this.#sent * CONTACTS, 'Every presence arrives')
  }

  [Symbol.dispose](): void {
    for (const each of [...this.#publishers, ...this.#contacts]) each.destroy()
  }

  #arrived(count: number): void {
    this.operations += count
    if (this.#running) this.#fill()
  }

  #fill(): void {
    for (; this.#sent * CONTACTS - this.operations < OUTSTANDING * CONTACTS; this.#sent++)
      this.#publishers[this.#sent % PUBLISHERS]!.socket.write(this.#text)
  }
}
