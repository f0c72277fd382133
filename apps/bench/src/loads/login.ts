/** Logins: connect, authenticate, bind, be available, close. */

import type { BenchServer } from '../servers/server.ts'
import { client, type ClientOptions } from './clients.ts'
import type { Load } from './load.ts'

/** Logins under way at the same time. */
const WIDTH = 8

/** A load of logins under changing accounts. */
export class Logins implements Load {
  operations = 0
  readonly #server: BenchServer
  readonly #locals: readonly string[]
  readonly #options: ClientOptions
  #next = 0
  #running = false
  #loops: Promise<void[]> | undefined

  constructor(server: BenchServer, locals: readonly string[], options: ClientOptions) {
    this.#server = server
    this.#locals = locals
    this.#options = options
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

  async #logIn(local: string): Promise<void> {
    const each = client(this.#server, local, this.#options)
    await each.authenticate()
    await each.bind()
    // Once it has closed its stream, the server has handled the presence.
    each.send('<presence/></stream:stream>')
    await each.expect(/<\/stream:stream>/)
    each.destroy()
  }
}
