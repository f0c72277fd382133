/** Senders and receivers of the crash tests: clients that lose their server and come back. */

import { LoadClient } from '@tercet/testkit/load-client'
import type { Kind, Ledger } from './ledger.ts'
import { within } from './within.ts'

const NS_SM = 'urn:xmpp:sm:3'
const CONNECT_MS = 30_000

/** Where the server is. */
export interface Address {
  readonly port: number
  readonly domain: string
}

/** What a party is told beside its name and kind. */
export interface PartyOptions {
  /** To whom it sends, in turn: localparts, or bare addresses of another domain. Default: it sends nothing. */
  readonly peers?: readonly string[]
  /** Messages that may be unacknowledged, default 20. */
  readonly window?: number
  /** What a message says, default a few words. */
  readonly body?: string
  /** Default: the server's first. */
  readonly domain?: string
}

/** One account with one client. Everybody may send; only those with `peers` do. */
export class Party {
  readonly local: string
  readonly kind: Kind
  readonly #ledger: Ledger
  readonly #options: PartyOptions
  readonly #peers: readonly string[]
  #client: LoadClient | undefined
  #smId: string | undefined
  /** Ids sent and not acknowledged, in order; `''` for what is no message. */
  #unacked: string[] = []
  #acked = 0
  /** Stanzas that were handled on this stream. */
  #handled = 0
  #number = 0
  #carry = ''
  #going = false
  /** Copies that were read and not confirmed. */
  #unconfirmed: string[] = []
  /** Errors that came back for its messages, as they were written. */
  readonly errors: string[] = []
  /** The stream error that ended its last stream. */
  streamError = ''

  constructor(local: string, kind: Kind, ledger: Ledger, options: PartyOptions = {}) {
    this.local = local
    this.kind = kind
    this.#ledger = ledger
    this.#options = options
    this.#peers = options.peers ?? []
  }

  get #managed(): boolean {
    return this.kind !== 'plain'
  }

  /** Stanzas that it was not told about. */
  get unacknowledged(): number {
    return this.#unacked.length
  }

  get closed(): boolean {
    return this.#client?.closed ?? true
  }

  /** Logs in; asks for its old session first, and sends again what that one had not handled. */
  async connect(address: Address): Promise<void> {
    await within(CONNECT_MS, `Login of ${this.local}`, this.#connect(address))
  }

  async #connect({ port, domain }: Address): Promise<void> {
    const client = new LoadClient({
      host: '127.0.0.1',
      port,
      domain: this.#options.domain ?? domain,
      local: this.local,
      password: `pw-${this.local}`,
      resource: 'r',
    })
    this.#client = client
    await client.authenticate()
    if (this.#smId !== undefined) await this.#resume(client)
    await client.bind()
    if (this.#managed) {
      client.send(`<enable xmlns='${NS_SM}' resume='true'/>`)
      const [, id] = await client.expect(/<enabled [^>]*?id='([^']*)'[^>]*>/)
      this.#smId = id
    }
    this.#acked = 0
    this.#handled = 0
    this.#carry = ''
    this.#unconfirmed = []
    this.streamError = ''
    client.onData = chunk => this.#read(client, chunk.toString('utf8'))
    const again = this.#unacked
    this.#unacked = []
    client.send('<presence/>')
    // The presence counts as well.
    if (this.#managed) this.#unacked.push('')
    for (const id of again) if (id !== '') this.#send(client, id, true)
    if (this.#managed) client.send(`<r xmlns='${NS_SM}'/>`)
  }

  /** The server was ended, so the session is gone: what it says about it counts all the same. */
  async #resume(client: LoadClient): Promise<void> {
    client.send(`<resume xmlns='${NS_SM}' previd='${this.#smId ?? ''}' h='${this.#handled}'/>`)
    const [answer] = await client.expect(/<failed [^>]*>.*?<\/failed>|<resumed [^>]*>/s)
    if (answer.startsWith('<resumed')) throw new Error('A server that was ended knows its sessions')
    const h = /\bh='(\d+)'/.exec(answer)?.[1]
    if (h !== undefined && Number(h) > this.#acked) this.#acknowledge(Number(h))
  }

  /** Sends until the window is full, and again whenever there is room. */
  go(): void {
    this.#going = true
    if (this.kind === 'stuck') this.#client?.socket.pause()
    this.#fill()
  }

  /** Reads again, sends no more. */
  rest(): void {
    this.#going = false
    this.#client?.socket.resume()
  }

  /** Asks how much of what it sent is handled. */
  ask(): void {
    if (this.#managed) this.#client?.send(`<r xmlns='${NS_SM}'/>`)
  }

  disconnect(): void {
    this.#going = false
    this.#client?.destroy()
  }

  #fill(): void {
    const client = this.#client
    if (!this.#going || !client || client.closed || this.#peers.length === 0) return
    // Who does not read learns of no acknowledgement: it sends a bounded lot.
    const window = this.kind === 'stuck' ? 200 : (this.#options.window ?? 20)
    let sent = 0
    for (; this.#unacked.length < window; sent++) this.#send(client, `${this.local}-${++this.#number}`, false)
    if (sent > 0) this.ask()
  }

  #send(client: LoadClient, id: string, again: boolean): void {
    this.#ledger.send(id, again)
    const number = Number(id.slice(id.lastIndexOf('-') + 1))
    const peer = this.#peers[number % this.#peers.length]!
    const to = peer.includes('@') ? peer : `${peer}@${client.options.domain}`
    this.#unacked.push(id)
    const body = this.#options.body ?? `Message ${id}`
    client.send(`<message to='${to}' type='chat' id='${id}'><body>${body}</body></message>`)
  }

  #acknowledge(h: number): void {
    for (const id of this.#unacked.splice(0, h - this.#acked)) if (id !== '') this.#ledger.acknowledged.add(id)
    this.#acked = h
  }

  #read(client: LoadClient, chunk: string): void {
    const text = this.#carry + chunk
    let end = 0
    let answered = false
    for (const match of text.matchAll(/<(message|presence|iq|a|r|stream:error)\b([^>]*?)(\/>|>.*?<\/\1>)/gs)) {
      end = match.index + match[0].length
      const [whole, name, attrs = ''] = match
      if (name === 'a') this.#acknowledge(Number(/\bh='(\d+)'/.exec(attrs)?.[1]))
      else if (name === 'stream:error') this.streamError = whole
      else if (name === 'r') {
        answered = true
        client.send(`<a xmlns='${NS_SM}' h='${this.#handled}'/>`)
        this.#confirm()
      } else this.#stanza(client, name!, attrs, whole)
    }
    this.#carry = text.slice(end)
    if (answered && this.#peers.length > 0) this.ask()
    this.#fill()
  }

  #stanza(client: LoadClient, name: string, attrs: string, whole: string): void {
    this.#handled++
    const id = /\bid='([^']*)'/.exec(attrs)?.[1] ?? ''
    if (name === 'message') {
      if (attrs.includes("type='error'")) {
        this.#ledger.refused.add(id)
        this.errors.push(whole)
        return
      }
      const copyId = /<stanza-id [^>]*?\bid='([^']*)'/.exec(whole)?.[1] ?? ''
      this.#ledger.deliver(this, id, copyId)
      this.#unconfirmed.push(copyId)
    } else if (name === 'iq' && attrs.includes("type='get'")) {
      if (this.#managed) this.#unacked.push('')
      client.send(`<iq type='result' id='${id}' to='${client.options.domain}'/>`)
      if (!this.#managed) this.#confirm()
    }
  }

  #confirm(): void {
    this.#ledger.confirm(this.#unconfirmed)
    this.#unconfirmed = []
  }
}
