/** Where a stanza goes: the routing law of RFC 6120 §10 as far as it is not a module's. */

import type { BareJid } from '@tercet/jid'
import { errorReply, StanzaError, type Stanza } from '@tercet/stanza'
import type { Host } from './host.ts'
import type { Server } from './server.ts'
import type { Turn } from './turn.ts'

interface Routed {
  readonly stanza: Stanza
  readonly turn: Turn
  readonly depth: number
}

/** Stanzas that one turn of the loop routes before it lets others run. */
const MAX_PER_TURN = 256
/** Milliseconds after which it does so in any case. */
const MAX_TURN_MS = 5
/** A stanza that causes a stanza that causes a stanza … ends here: something answers itself. */
const MAX_DEPTH = 8

/**
 * Routes stanzas one after the other. What a handler sends while a stanza is under way is appended and routed after that one has left its
 * last phase: hooks never nest.
 */
export class Router {
  readonly #server: Server
  #list: Routed[] = []
  #head = 0
  #running = false
  #depth = 0
  /** One of each is kept: see docs/architecture.md. */
  readonly #kept = new Map<Stanza['kind'], Routed>()
  #keptMs = 0

  constructor(server: Server) {
    this.#server = server
  }

  /** Routes `stanza`, now or after the one that is under way. Both of its addresses are set. */
  send(stanza: Stanza, turn: Turn): void {
    turn.hold()
    this.#list.push({ stanza, turn, depth: this.#depth + 1 })
    if (!this.#running) this.#drain()
  }

  /** Refuses `stanza` with an error to its sender, if it may be answered. */
  refuse(stanza: Stanza, error: StanzaError, turn: Turn): void {
    const reply = errorReply(stanza, error)
    const to = reply?.to
    if (!reply || !to) return
    // From the account's own queue, as results do: behind what waits there it would come out of order.
    const own = reply.from?.bare.text === to.bare.text
    const session = own ? this.#server.session(to) : undefined
    if (session) session.sendStanza(reply)
    else this.send(reply, turn)
  }

  #drain(): void {
    this.#running = true
    const started = performance.now()
    try {
      for (let count = 1; this.#head < this.#list.length; count++) {
        if (count > MAX_PER_TURN || (count % 32 === 0 && performance.now() - started > MAX_TURN_MS)) {
          setImmediate(() => this.#drain())
          return
        }
        const routed = this.#list[this.#head++]!
        const { stanza, turn, depth } = routed
        if (this.#keptMs !== this.#server.wheel.now) this.#keep(routed)
        this.#depth = depth
        if (depth > MAX_DEPTH)
          this.#server.logger.warn({ stanza: stanza.kind, to: stanza.to?.text }, 'A stanza caused too many others')
        else this.#route(stanza, turn)
        turn.release()
      }
      this.#list.length = 0
      this.#head = 0
      this.#running = false
    } finally {
      this.#depth = 0
    }
  }

  /** Once a tick of the wheel is enough, and costs nothing. */
  #keep(routed: Routed): void {
    this.#keptMs = this.#server.wheel.now
    this.#kept.set(routed.stanza.kind, routed)
  }

  #route(stanza: Stanza, turn: Turn): void {
    try {
      const { to } = stanza
      if (!to) return
      const host = this.#server.hosts.get(to.domain)
      if (!host) this.#server.remote.send(stanza, turn)
      else if (to.local === '') this.#toServer(host, stanza, turn)
      else this.#toAccount(host, to.bare, stanza, turn)
    } catch (error) {
      this.#failed(stanza, error, turn)
    }
  }

  #toServer(host: Host, stanza: Stanza, turn: Turn): void {
    const pending = host.receive(stanza, turn)
    if (!pending) return
    turn.hold()
    void pending.catch((error: unknown) => this.#failed(stanza, error, turn)).finally(() => turn.release())
  }

  #toAccount(host: Host, bare: BareJid, stanza: Stanza, turn: Turn): void {
    const account = host.account(bare)
    turn.hold()
    try {
      account.run(() => {
        let pending: void | Promise<void> = undefined
        try {
          pending = host.deliver(account, stanza, turn)
        } catch (error) {
          this.#failed(stanza, error, turn)
        }
        if (!pending) return turn.release()
        return pending.catch((error: unknown) => this.#failed(stanza, error, turn)).finally(() => turn.release())
      })
    } catch (error) {
      turn.release()
      throw error
    }
  }

  /** What a handler throws refuses the stanza; it never reaches the loop. */
  #failed(stanza: Stanza, error: unknown, turn: Turn): void {
    if (error instanceof StanzaError) {
      this.refuse(stanza, error, turn)
      return
    }
    this.#server.logger.error({ err: error, stream: turn.origin?.streamId, to: stanza.to?.text }, 'A handler failed')
    this.refuse(stanza, new StanzaError('internal-server-error', { cause: error }), turn)
  }
}
