/** A network in memory: gateways that find each other by name, and servers that say what a test wants. */

import { errorReply, fromFragment, writeStanza, type Stanza, type StanzaError } from '@tercet/stanza'
import { memoryStorage, type MemoryStorage } from '@tercet/storage/memory'
import type { Transport } from '@tercet/stream'
// eslint-disable-next-line no-restricted-imports -- a devDependency; tests alone import this file, and no build has it
import { difference, readFragment, show, type Captures, type XmlElement } from '@tercet/testkit'
import { readStanza, tcpReader, write, type StreamHeader, type StreamReader } from '@tercet/xml'
import { createGateway, type Gateway } from './gateway.ts'
import type { GatewayOptions } from './gateway-options.ts'
import { tlsPort, upgradablePair, verifier } from './pair.fixture.ts'
import type { Dialled, Receipt, Receiver, Work } from './ports.ts'

/** How long something that is expected may take. */
const PATIENCE_MS = 4000

/** A server behind a gateway: keeps what arrives, answers pings, and says when a stanza is safe. */
export class Home implements Receiver {
  readonly domain: string
  readonly storage: MemoryStorage
  gateway!: Gateway
  readonly arrived: string[] = []
  readonly refused: string[] = []
  /** Set: stanzas are safe when the test says so. */
  held: (() => void)[] | undefined
  #wake: (() => void)[] = []

  constructor(domain: string, storage: MemoryStorage) {
    this.domain = domain
    this.storage = storage
  }

  receive(stanza: Stanza): Receipt {
    if (stanza.kind === 'iq' && stanza.type === 'get' && stanza.content.nsAt(0) === 'urn:xmpp:ping') {
      this.gateway.send(
        fromFragment(
          readStanza(`<iq type='result' from='${stanza.to!.text}' to='${stanza.from!.text}' id='${stanza.id}'/>`),
        ),
      )
      return done
    }
    this.arrived.push(writeStanza(stanza))
    this.#woken()
    if (!this.held) return done
    const { held } = this
    let over = false
    const waiting: (() => void)[] = []
    held.push(() => {
      over = true
      for (const run of waiting) run()
    })
    return {
      get over() {
        return over
      },
      whenOver(run) {
        if (over) run()
        else waiting.push(run)
      },
    }
  }

  refuse(stanza: Stanza, error: StanzaError): Receipt {
    const reply = errorReply(stanza, error)
    if (reply) this.refused.push(writeStanza(reply))
    this.#woken()
    return done
  }

  /** An address here sends this. */
  sends(xml: string, work?: Work): void {
    this.gateway.send(fromFragment(readStanza(xml)), work)
  }

  /** The next stanza that arrives is this one. */
  async receives(xml: string): Promise<void> {
    await this.until(() => this.arrived.length > 0, xml)
    compare(xml, this.arrived.shift()!)
  }

  /** The next error for a sender here is this one. */
  async hears(xml: string): Promise<void> {
    await this.until(() => this.refused.length > 0, xml)
    compare(xml, this.refused.shift()!)
  }

  async until(test: () => boolean, what: string): Promise<void> {
    const late = Date.now() + PATIENCE_MS
    while (!test()) {
      const left = late - Date.now()
      if (left <= 0) throw new Error(`${this.domain}: nothing came; expected ${what}`)
      let timer: ReturnType<typeof setTimeout> | undefined
      await new Promise<void>(resolve => {
        this.#wake.push(resolve)
        timer = setTimeout(resolve, Math.min(left, 20))
      })
      clearTimeout(timer)
    }
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

const done: Receipt = { over: true, whenOver: run => run() }

function compare(expected: string, arrived: string): void {
  const wrong = difference(readFragment(expected)[0]!, readFragment(arrived)[0]!)
  if (wrong !== undefined) throw new Error(`${wrong}\nexpected: ${expected}\nreceived: ${arrived}`)
}

/** What a home differs in from the default: STARTTLS, a certificate for its own name, dialback. */
export interface HomeOptions extends Partial<Omit<GatewayOptions, 'isLocal' | 'receiver' | 'storage'>> {
  /** Names in its certificate; null: it has none. Default: its domain. */
  readonly certificate?: string | null
  /** More domains that it serves. */
  readonly also?: readonly string[]
  readonly storage?: MemoryStorage
}

/** Everybody, by domain. */
export class Network implements AsyncDisposable {
  readonly homes: Home[] = []
  readonly #doors = new Map<string, (transport: Transport) => void>()
  /** Connections that were made, from and to. */
  readonly dials: string[] = []
  /** Set: dialling fails of this. */
  broken: Error | undefined
  /** What becomes of the end of a connection that a home has dialled. */
  wrap: (near: Transport) => Transport = near => near
  /** Set: connections are WebSockets, with these certificates. */
  webSockets: { near: string | undefined; far: string | undefined; delegate?: string } | undefined

  /** Starts a gateway for `domain`. */
  home(domain: string, options: HomeOptions = {}): Home {
    const { certificate = domain, also = [], storage = memoryStorage(), ...rest } = options
    const home = new Home(domain, storage)
    const domains = [domain, ...also]
    home.gateway = createGateway({
      isLocal: name => domains.includes(name),
      receiver: home,
      storage,
      tls: tlsPort(certificate ?? undefined),
      verifier,
      dialer: this,
      ...rest,
    })
    for (const name of domains) this.#doors.set(name, transport => home.gateway.accept(transport))
    this.homes.push(home)
    return home
  }

  /** Takes connections for `domain` by hand; each dial gives the next of `servers`. */
  server(domain: string): Strangers {
    const strangers = new Strangers()
    this.#doors.set(domain, transport => strangers.came(transport))
    return strangers
  }

  /** Connects to `domain` as somebody who says what a test wants. */
  stranger(domain: string, tls?: { certificate?: string }): Stranger {
    return new Stranger(this.connect(domain, tls))
  }

  /** The same, without anything that reads. */
  connect(domain: string, tls?: { certificate?: string | undefined }): Transport {
    const [near, far] = this.#pair(tls && { near: tls.certificate, far: domain })
    const door = this.#doors.get(domain)
    if (!door) throw new Error(`There is no ${domain}`)
    door(far)
    return near
  }

  #pair(tls: { near: string | undefined; far: string | undefined } | undefined): [Transport, Transport] {
    return upgradablePair(this.webSockets ? { framing: 'websocket', tls: tls ?? this.webSockets } : { tls })
  }

  /** The dialer of all homes. */
  dial(from: string, to: string): Promise<Dialled> {
    this.dials.push(`${from} → ${to}`)
    const door = this.#doors.get(to)
    if (this.broken) return Promise.reject(this.broken)
    if (!door) return Promise.reject(Object.assign(new Error(`There is no ${to}`), { code: 'not-found' }))
    const [near, far] = this.#pair(undefined)
    door(far)
    return Promise.resolve({ transport: this.wrap(near), target: 'memory', delegate: this.webSockets?.delegate })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.homes.map(home => home.gateway.close()))
  }
}

/** Connections to a server that a test plays. */
export class Strangers {
  readonly #came: Stranger[] = []
  #wake: (() => void) | undefined

  came(transport: Transport): void {
    this.#came.push(new Stranger(transport))
    this.#wake?.()
  }

  /** The next connection. */
  async next(): Promise<Stranger> {
    while (this.#came.length === 0) await within(new Promise<void>(resolve => (this.#wake = resolve)), 'a connection')
    return this.#came.shift()!
  }

  get count(): number {
    return this.#came.length
  }
}

/** One end of a stream in the hands of a test. */
export class Stranger {
  readonly transport: Transport
  readonly #arrived: XmlElement[] = []
  readonly captures: Captures = new Map()
  header: StreamHeader | undefined
  closed = false
  #reader: StreamReader = tcpReader()
  #wake: (() => void)[] = []

  constructor(transport: Transport) {
    this.transport = transport
    const over = (): void => {
      this.closed = true
      this.#woken()
    }
    transport.start({
      chunk: bytes => {
        this.#reader.push(bytes)
        for (let event = this.#reader.next(); event; event = this.#reader.next()) {
          if (event.kind === 'open') this.header = event.header
          else if (event.kind === 'close') this.closed = true
          else if (event.kind === 'element') this.#arrived.push(readIn(write(event.element.toElement())))
        }
        this.#woken()
      },
      drained: () => {},
      ended: over,
      closed: over,
    })
  }

  send(text: string): void {
    this.transport.write(text)
  }

  cut(): void {
    this.transport.destroy()
  }

  /** Our header, as an initiator: the peer's comes anew. */
  opens(attrs: string): void {
    this.#reader = tcpReader()
    this.header = undefined
    this.answers(attrs)
  }

  /** The peer's next header is a new one. */
  restarts(): void {
    this.#reader = tcpReader()
    this.header = undefined
  }

  /** Our header. */
  answers(attrs: string): void {
    this.send(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' ${attrs}>`,
    )
  }

  /** The peer's header has come. */
  async opened(): Promise<StreamHeader> {
    await this.#until(() => this.header !== undefined, 'a stream header')
    return this.header!
  }

  /** Makes TLS on our side. */
  async upgrade(side: 'client' | 'server', certificate?: string): Promise<void> {
    this.#reader = tcpReader()
    this.header = undefined
    const port = tlsPort(certificate)
    await this.transport.upgrade(side === 'client' ? port.client('', '') : port.server)
  }

  async next(expected = 'an element'): Promise<XmlElement> {
    await this.#until(() => this.#arrived.length > 0, expected)
    return this.#arrived.shift()!
  }

  async receives(xml: string): Promise<XmlElement> {
    const element = await this.next(xml)
    const wrong = difference(readIn(xml), element, { captures: this.captures })
    if (wrong !== undefined) throw new Error(`${wrong}\nexpected: ${xml}\nreceived: ${show(element)}`)
    return element
  }

  /** Nothing has come so far. */
  get silent(): boolean {
    return this.#arrived.length === 0
  }

  /** The stream ends. */
  async ends(): Promise<void> {
    await this.#until(() => this.closed, 'the end of the stream')
  }

  async #until(test: () => boolean, what: string): Promise<void> {
    while (!test()) {
      if (this.closed) throw new Error(`the stream ended; expected ${what}`)
      await within(new Promise<void>(resolve => this.#wake.push(resolve)), what)
    }
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came; expected ${what}`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function readIn(xml: string): XmlElement {
  // The reader of the testkit is for streams of clients.
  return readFragment(xml.replaceAll("'jabber:server'", "'jabber:client'"))[0]!
}
