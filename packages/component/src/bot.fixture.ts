/** Components and a program that connects to them in memory, for tests. */

import { Jid } from '@tercet/jid'
import type { Logger } from '@tercet/plugin'
import { message, type Stanza, type StanzaError } from '@tercet/stanza'
import { memoryStorage, type MemoryStorage } from '@tercet/storage/memory'
import { memoryPair, type Barrier, type Transport } from '@tercet/stream'
import type { Unit } from '@tercet/storage'
import {
  createComponents,
  handshakeOf,
  type Components,
  type ComponentsOptions,
  type Receipt,
  type Work,
} from './index.ts'

export const SECRET = 'Wherefore art thou'
const HEADER = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"

const over: Receipt = { over: true, whenOver: run => run() }

/** A server that takes everything, and remembers it. */
export class House implements AsyncDisposable {
  readonly storage: MemoryStorage
  readonly components: Components
  readonly received: Stanza[] = []
  readonly refused: { stanza: Stanza; error: StanzaError }[] = []
  readonly lines: string[] = []
  /** What becomes of the next stanzas. */
  receipt: Receipt = over

  constructor(options: Partial<ComponentsOptions> = {}) {
    this.storage = memoryStorage()
    const line = (fields: object, text: string): void => void this.lines.push(`${text} ${JSON.stringify(fields)}`)
    const logger: Logger = { trace: line, debug: line, info: line, warn: line, error: line, child: () => logger }
    this.components = createComponents({
      secrets: new Map([
        ['bot.a.test', SECRET],
        ['other.a.test', 'another'],
      ]),
      domain: 'a.test',
      storage: this.storage,
      receiver: {
        receive: stanza => (this.received.push(stanza), this.receipt),
        refuse: (stanza, error) => (this.refused.push({ stanza, error }), over),
      },
      logger,
      ...options,
      // A bot that answers no pings is not waited for.
      limits: { closeMs: 20, ...options.limits },
    })
  }

  /** A connection that has said nothing yet. */
  connect(): Bot {
    const [near, far] = memoryPair()
    this.components.accept(far)
    return new Bot(near)
  }

  /** A component that is in. */
  async bot(domain = 'bot.a.test', secret = SECRET): Promise<Bot> {
    const bot = this.connect()
    await bot.open(domain)
    await bot.shake(secret)
    await bot.until(/<handshake\/>/)
    return bot
  }

  /** A message to the bot by somebody who relies on it. */
  say(body: string, work: Work = new Promised(this.storage.unit())): void {
    const [from, to] = [Jid.parse('romeo@a.test/orchard'), Jid.parse('echo@bot.a.test')]
    this.components.send(message({ from, to, type: 'chat', id: body, body }), work)
    if (work instanceof Promised) work.commit()
  }

  /** Messages of which the storage says that they are owed to the bot. */
  async owed(): Promise<number> {
    return this.storage.spool.count('bot.a.test')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.components.close()
  }
}

/** Work whose sender relies on it. */
export class Promised implements Work {
  readonly promised = true
  readonly unit: Unit
  state: Barrier['state'] = 'pending'
  #waiting: (() => void)[] = []

  constructor(unit: Unit) {
    this.unit = unit
  }

  commit(): void {
    this.unit.commit().then(
      () => this.#decide('durable'),
      () => this.#decide('failed'),
    )
  }

  whenDecided(run: () => void): void {
    if (this.state === 'pending') this.#waiting.push(run)
    else run()
  }

  #decide(state: Barrier['state']): void {
    this.state = state
    for (const run of this.#waiting.splice(0)) run()
  }
}

/** The program at the other end: what comes waits as text until a test takes it. */
export class Bot {
  readonly #transport: Transport
  id = ''
  closed = false
  #text = ''
  #wake: () => void = () => {}

  constructor(transport: Transport) {
    this.#transport = transport
    const decoder = new TextDecoder()
    const end = (): void => {
      this.closed = true
      this.#wake()
    }
    transport.start({
      chunk: bytes => {
        this.#text += decoder.decode(bytes, { stream: true })
        this.#wake()
      },
      drained: () => {},
      ended: end,
      closed: end,
    })
  }

  send(text: string): void {
    this.#transport.write(text)
  }

  cut(): void {
    this.#transport.destroy()
  }

  /** Reads no more. */
  pause(): void {
    this.#transport.pause()
  }

  /** Opens a stream; what is given replaces parts of the header. */
  async open(to: string, header = HEADER): Promise<void> {
    this.send(`<?xml version='1.0'?>${header} to='${to}'>`)
    this.id = (await this.until(/<stream:stream [^>]*id='([^']*)'[^>]*>/))[1] ?? ''
  }

  async shake(secret: string): Promise<void> {
    this.send(`<handshake>${await handshakeOf(this.id, secret)}</handshake>`)
  }

  /** Takes all up to what is wanted. */
  async until(wanted: RegExp): Promise<RegExpExecArray> {
    const late = AbortSignal.timeout(2000)
    for (;;) {
      const found = wanted.exec(this.#text)
      if (found) {
        this.#text = this.#text.slice(found.index + found[0].length)
        return found
      }
      if (this.closed || late.aborted) throw new Error(`${String(wanted)} did not come, but: ${this.#text}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
        late.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  /** What came and was not taken. */
  get left(): string {
    return this.#text
  }

  /** The stream is ended with this error. */
  async fails(condition: string): Promise<void> {
    await this.until(new RegExp(`<stream:error><${condition} .*</stream:error></stream:stream>`))
  }

  /** Answers the server's ping. */
  async pong(answer = (id: string) => `<iq type='result' id='${id}' from='bot.a.test' to='a.test'/>`): Promise<void> {
    const [, id = ''] = await this.until(/<iq type='get' from='a.test' to='bot.a.test' id='(\w+)'><ping [^>]*\/><\/iq>/)
    this.send(answer(id))
  }
}
