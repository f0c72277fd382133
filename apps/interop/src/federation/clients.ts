/** Users of the world: many slixmpp clients in one process, which say raw stanzas and tell what reaches them. */

import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Peer } from '../processes.ts'
import { waitFor } from '../wait.ts'
import type { Network } from './network.ts'

const script = fileURLToPath(new URL('../../drivers/federation_driver.py', import.meta.url))

/** A message, presence or error of an iq that reached a client. */
export interface Heard {
  readonly event: 'message' | 'presence' | 'iq'
  readonly session: string
  readonly type: string | null
  readonly from: string | null
  readonly id: string | null
  readonly body: string | null
  readonly show: string | null
  /** Of an error. */
  readonly condition: string | null
  /** With a delay stamp (XEP-0203). */
  readonly delayed: boolean
  /** Codes of a room's presence (XEP-0045). */
  readonly statuses: readonly string[]
}

type Told =
  | Heard
  | { readonly event: 'closed'; readonly session: string; readonly reason: string }
  | { readonly event: 'done'; readonly id: number; readonly value: unknown }
  | { readonly event: 'refused'; readonly id: number; readonly reason: string }

/** One logged-in user. */
export interface User {
  readonly jid: string
  /** Everything heard so far, in order. */
  readonly heard: readonly Heard[]
  /** Sends stanzas in this order; resolves when they are handed to the socket. */
  send(...stanzas: readonly string[]): Promise<void>
  /** The first stanza, past or to come, of which `is` holds. */
  hear(what: string, is: (stanza: Heard) => boolean, timeoutMs?: number): Promise<Heard>
  /** When the own server has handled all that was sent (RFC 6120 §10.1). */
  settle(): Promise<void>
  /**
   * How many messages the own server has acknowledged (XEP-0198): asked when it is all that were sent, or `count`, or when the stream is
   * over.
   */
  promised(count?: number): Promise<number>
  logout(): Promise<void>
}

/** The process of all users. */
export class Users implements AsyncDisposable {
  // Debian's own interpreter: another one on the PATH does not see Debian's modules.
  readonly #peer: Peer
  readonly #heard = new Map<string, Heard[]>()
  readonly #answers = new Map<number, (told: Told) => void>()
  #lastId = 0

  constructor(network: Network) {
    this.#peer = network.start('/usr/bin/python3', ['-u', script])
    createInterface({ input: this.#peer.child.stdout }).on('line', line => {
      // The only writer of this pipe is our driver; what libraries print is no JSON object.
      if (line.startsWith('{')) this.#tell(JSON.parse(line) as Told)
    })
  }

  /** Logs in, available; several at once may wait. */
  async login(address: string, jid: string, password: string): Promise<User> {
    const session = `${jid} ${++this.#lastId}`
    const heard: Heard[] = []
    this.#heard.set(session, heard)
    await this.#order({ do: 'login', session, address, jid, password })
    return {
      jid,
      heard,
      send: async (...stanzas) => {
        await this.#order({ do: 'send', session, stanzas })
      },
      hear: (what, is, timeoutMs = 15_000) =>
        waitFor(`${jid} hears ${what}`, () => heard.find(is), {
          timeoutMs,
          everyMs: 10,
          evidence: () =>
            heard
              .slice(-10)
              .map(it => JSON.stringify(it))
              .join('\n') + this.#peer.output.slice(-500),
        }),
      settle: async () => {
        await this.#order({ do: 'settle', session })
      },
      promised: async messages => (await this.#order({ do: 'promised', session, messages })) as number,
      logout: async () => {
        await this.#order({ do: 'logout', session })
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer.stop({ graceMs: 1_000 })
  }

  #tell(told: Told): void {
    if (told.event === 'done' || told.event === 'refused') {
      this.#answers.get(told.id)?.(told)
      this.#answers.delete(told.id)
    } else if (told.event !== 'closed') this.#heard.get(told.session)?.push(told)
  }

  async #order(command: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = ++this.#lastId
    const answered = new Promise<Told>(resolve => this.#answers.set(id, resolve))
    this.#peer.child.stdin.write(`${JSON.stringify({ id, ...command })}\n`)
    const bound = setTimeout(() => this.#tell({ event: 'refused', id, reason: 'no answer' }), 60_000)
    void this.#peer.gone.then(() =>
      this.#tell({ event: 'refused', id, reason: `the driver ended: ${this.#peer.output}` }),
    )
    const told = await answered
    clearTimeout(bound)
    if (told.event === 'refused') throw new Error(`${String(command['do'])}: ${told.reason}`)
    return told.event === 'done' ? told.value : undefined
  }
}
