/** A BOSH client that is told each step, and a stream that writes down what it reads. */
import type { Transport, TransportSink } from '@tercet/stream'
import { parse, type Element } from '@tercet/xml'
import { boshAcceptor, type BoshAcceptor, type BoshOptions } from './acceptor.ts'

export const NS = 'http://jabber.org/protocol/httpbind'

/** What a stream has read, and its hand on the transport. */
export class Reader implements TransportSink {
  readonly transport: Transport
  readonly read: string[] = []
  end: Error | 'in order' | undefined
  ends = 0
  drains = 0
  /** Called for every message, before it is written down. */
  onMessage: ((text: string) => void) | undefined

  constructor(transport: Transport) {
    this.transport = transport
    transport.start(this)
  }

  chunk(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes)
    this.onMessage?.(text)
    this.read.push(text)
  }

  drained(): void {
    this.drains++
  }

  ended(): void {}

  closed(error?: Error): void {
    this.ends++
    this.end = error ?? 'in order'
  }
}

/** Requests to one acceptor. */
export class Desk implements Disposable {
  readonly acceptor: BoshAcceptor
  readonly readers: Reader[] = []
  readonly refused: string[] = []
  readonly #greet: boolean

  /** @param options.greet whether new streams say hello at once, as servers do; default true */
  constructor({ greet = true, ...options }: BoshOptions & { greet?: boolean } = {}) {
    this.#greet = greet
    this.acceptor = boshAcceptor({ onRefused: condition => this.refused.push(condition), ...options }, transport => {
      const reader = new Reader(transport)
      this.readers.push(reader)
      if (this.#greet) {
        transport.write(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='a.test' id='stream-1' version='1.0'/>`)
        transport.write(`<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>`)
      }
    })
  }

  get reader(): Reader {
    return this.readers.at(-1)!
  }

  async post(
    body: string,
    options: { address?: string; encrypted?: boolean; signal?: AbortSignal } = {},
  ): Promise<Element> {
    const { address = '192.0.2.1', encrypted = true, signal } = options
    const request = new Request('https://a.test/bosh', { method: 'POST', body, ...(signal ? { signal } : {}) })
    const response = await this.acceptor.respond(request, { address, encrypted })
    return parse(await response.text())
  }

  /** @param attrs more attributes, as XML; without `hold` and `wait` 1 and 60 */
  async create(attrs = "hold='1' wait='60'", rid = 100): Promise<Talk> {
    const answer = await this.post(
      `<body xmlns='${NS}' xmlns:xmpp='urn:xmpp:xbosh' to='a.test' rid='${rid}' ver='1.6' xmpp:version='1.0' ${attrs}/>`,
    )
    return new Talk(this, answer, rid)
  }

  [Symbol.dispose](): void {
    for (const reader of this.readers) reader.transport.destroy()
    this.acceptor[Symbol.dispose]()
  }
}

/** A session from the client's side. */
export class Talk {
  readonly desk: Desk
  readonly created: Element
  rid: number

  constructor(desk: Desk, created: Element, rid: number) {
    this.desk = desk
    this.created = created
    this.rid = rid
  }

  get sid(): string {
    return this.created.attr('sid') ?? ''
  }

  get reader(): Reader {
    return this.desk.reader
  }

  /** The next request. */
  send(payload = '', attrs = '', signal?: AbortSignal): Promise<Element> {
    return this.request(++this.rid, payload, attrs, signal)
  }

  request(rid: number, payload = '', attrs = '', signal?: AbortSignal): Promise<Element> {
    const body = `<body xmlns='${NS}' xmlns:xmpp='urn:xmpp:xbosh' rid='${rid}' sid='${this.sid}' ${attrs}>${payload}</body>`
    return this.desk.post(body, signal ? { signal } : {})
  }
}

/** A stanza with a number, as both sides write them here. */
export function message(id: number | string): string {
  return `<message xmlns='jabber:client' id='${id}'/>`
}

/** Turns of the loop in which everything that can happen happens. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
}

/** Whether a promise is not settled now. */
export async function pending(promise: Promise<unknown>): Promise<boolean> {
  await settle()
  return Promise.race([promise.then(() => false), Promise.resolve(true)])
}
