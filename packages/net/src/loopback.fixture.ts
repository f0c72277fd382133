/** Test side of a transport: collects what it delivers and lets tests await it. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Transport, TransportSink } from '@tercet/stream'
import { listen, type ListenOptions } from './listen.ts'

/** A sink that remembers; each `until` resolves when its condition holds. */
export class Recorder implements TransportSink {
  text = ''
  bytes = 0
  messages: string[] = []
  drains = 0
  ends = 0
  closes: (Error | undefined)[] = []
  onChunk: ((text: string) => void) | undefined
  #waiting: { holds: () => boolean; resolve: () => void }[] = []

  chunk(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString()
    this.text += text
    this.bytes += bytes.length
    this.messages.push(text)
    this.onChunk?.(text)
    this.#check()
  }

  drained(): void {
    this.drains++
    this.#check()
  }

  ended(): void {
    this.ends++
    this.#check()
  }

  closed(error?: Error): void {
    this.closes.push(error)
    this.#check()
  }

  async until(holds: (recorder: this) => boolean): Promise<this> {
    const met = () => holds(this)
    if (!met()) await new Promise<void>(resolve => this.#waiting.push({ holds: met, resolve }))
    return this
  }

  #check(): void {
    const now = this.#waiting.filter(waiter => waiter.holds())
    this.#waiting = this.#waiting.filter(waiter => !now.includes(waiter))
    for (const waiter of now) waiter.resolve()
  }
}

/** A transport accepted on loopback with the raw socket at its other end. */
export async function loopback(options: Omit<ListenOptions, 'port' | 'address'> = {}) {
  const { promise, resolve } = Promise.withResolvers<Transport>()
  const listener = await listen({ address: '127.0.0.1', port: 0, ...options }, resolve)
  const peer: Socket = connect({ host: '127.0.0.1', port: listener.port, allowHalfOpen: true })
  peer.on('error', () => {})
  await once(peer, 'connect')
  const accepted = promise.then(transport => {
    const sink = new Recorder()
    transport.start(sink)
    return { transport, sink }
  })
  return {
    listener,
    peer,
    accepted,
    async [Symbol.asyncDispose]() {
      peer.destroy()
      await listener.close()
    },
  }
}
