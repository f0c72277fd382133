/** The door of another server: the server under test connects to it, and a play says what it finds there. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** A listening socket whose connections wait until somebody takes them. */
export class RemoteDoor {
  readonly #server: Server
  readonly #waiting: Socket[] = []
  readonly #open = new Set<Socket>()
  #knocked = Promise.withResolvers<void>()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', socket => {
      this.#open.add(socket)
      // One that nobody took may end as it likes.
      socket.on('error', () => {}).on('close', () => this.#open.delete(socket))
      socket.pause()
      this.#waiting.push(socket)
      this.#knocked.resolve()
    })
  }

  /** Opens it on a free loopback port. */
  static async open(): Promise<RemoteDoor> {
    const server = createServer({ noDelay: true, pauseOnConnect: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new RemoteDoor(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port // it listens on TCP
  }

  /** Whether somebody stands before it. */
  get knocked(): boolean {
    return this.#waiting.length > 0
  }

  /** The next connection, or undefined when none comes in time. */
  async next(timeoutMs: number): Promise<Socket | undefined> {
    if (!this.knocked) {
      this.#knocked = Promise.withResolvers()
      const timer = setTimeout(this.#knocked.resolve, timeoutMs)
      await this.#knocked.promise
      clearTimeout(timer)
    }
    return this.#waiting.shift()
  }

  /** Closes it with all its connections. */
  close(): void {
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
  }
}
