/** Logins: connect, authenticate, bind, be available, close. */

import type { BenchServer } from '../servers/server.ts'
import { client, type ClientOptions } from './clients.ts'
import type { Load } from './load.ts'
import { inParallel } from './wait.ts'

/**
 * How a login goes: feature by feature (RFC 6120), all in one exchange by the password for which it gets a token (XEP-0388, XEP-0386,
 * XEP-0484), or by that token.
 */
export type Way = 'step by step' | 'at once' | 'by token'

/** Logins under way at the same time. */
const WIDTH = 8

/** A load of logins under changing accounts. */
export class Logins implements Load {
  operations = 0
  readonly #server: BenchServer
  readonly #locals: readonly string[]
  readonly #options: ClientOptions
  #way: Way
  /** By account. */
  readonly #tokens = new Map<string, string>()
  #next = 0
  #running = false
  #loops: Promise<void[]> | undefined

  /** @param way a server that does not know it is logged in to step by step */
  constructor(server: BenchServer, locals: readonly string[], options: ClientOptions, way: Way = 'step by step') {
    this.#way = way
    this.#server = server
    this.#locals = locals
    this.#options = options
  }

  /** Logs in once with every account: each may have a token then. */
  async prime(): Promise<this> {
    await inParallel(this.#locals, WIDTH, local => this.#logIn(local))
    return this
  }

  start(): void {
    this.#running = true
    this.#loops = Promise.all(Array.from({ length: WIDTH }, () => this.#loop()))
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#loops
  }

  [Symbol.dispose](): void {
    this.#running = false
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      await this.#logIn(this.#locals[this.#next++ % this.#locals.length]!)
      this.operations++
    }
  }

  /** Turns that the last login waited for the server, to bound. */
  turns = 0

  async #logIn(local: string): Promise<void> {
    let each = client(this.#server, local, this.#options)
    if (this.#way !== 'step by step') {
      const token = this.#way === 'by token' ? this.#tokens.get(local) : undefined
      const done = await each.logInAtOnce({ client: idOf(local), token })
      if (done?.token !== undefined) this.#tokens.set(local, done.token)
      else {
        each.destroy()
        this.#way = 'step by step'
        each = client(this.#server, local, this.#options)
      }
    }
    if (this.#way === 'step by step') {
      await each.authenticate()
      await each.bind()
    }
    this.turns = each.turns
    // Once it has closed its stream, the server has handled the presence.
    each.send('<presence/></stream:stream>')
    await each.expect(/<\/stream:stream>/)
    each.destroy()
  }
}

/** One installation of a client for each account. */
function idOf(local: string): string {
  return `00000000-0000-4000-8000-${Buffer.from(local).toString('hex').padStart(12, '0').slice(-12)}`
}
