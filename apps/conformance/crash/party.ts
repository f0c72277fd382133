/** Senders and receivers of the crash tests: clients that lose their server and come back. */

import { LoadClient } from '@tercet/testkit/load-client'
import type { Ledger } from './ledger.ts'

const NS_SM = 'urn:xmpp:sm:3'

/** Where the server is. */
export interface Address {
  readonly port: number
  readonly domain: string
}

/** What a party does beside sending. `stuck`: it stops reading, and goes on sending. */
export type Kind = 'managed' | 'plain' | 'stuck'

/** One account with one client. Everybody may send; only those with `peers` do. */
export class Party {
  readonly local: string
  readonly kind: Kind
  readonly #ledger: Ledger
  readonly #peers: readonly string[]
  readonly #window: number
  #client: LoadClient | undefined
  #smId: string | undefined
  /** Ids sent and not acknowledged, in order. */
  #unacked: string[] = []
  #acked = 0
  /** Stanzas that were handled on this stream. */
  #handled = 0
  #number = 0
  #carry = ''
  #going = false

  constructor(local: string, kind: Kind, ledger: Ledger, options: { peers?: readonly string[]; window?: number } = {}) {
    this.local = local
    this.kind = kind
    this.#ledger = ledger
    this.#peers = options.peers ?? []
    this.#window = options.window ?? 20
  }

  get #managed(): boolean {
    return this.kind !== 'plain'
  }

  /** Logs in; asks for its old session first, and sends again what that one had not handled. */
  async connect({ port, domain }: Address): Promise<void> {
    const client = new LoadClient({ host: '127.0.0.1', port, domain, local: this.local, password: `pw-${this.local}`, resource: 'r' })
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
    client.onData = chunk => this.#read(client, chunk.toString('utf8'))
    const again = this.#unacked
    this.#unacked = []
    client.send('<presence/>')
    // The presence counts as well.
    if (this.#managed) this.#unacked.push('')
    for (const id of again) if (id !== '') this.#send(client, id)
    if (this.#managed) client.send(`<r xmlns='${NS_SM}'/>`)
  }

  /** The server was killed, so the session is gone: what it says about it counts all the same. */
  async #resume(client: LoadClient): Promise<void> {
    client.send(`<resume xmlns='${NS_SM}' previd='${this.#smId ?? ''}' h='${this.#handled}'/>`)
    const [answer] = await client.expect(/<failed [^>]*>.*?<\/failed>|<resumed [^>]*>/s)
    if (answer.startsWith('<resumed')) throw new Error('A killed server knows its sessions')
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

  disconnect(): void {
    this.#going = false
    this.#client?.destroy()
  }

  #fill(): void {
    const client = this.#client
    if (!this.#going || !client || client.closed || this.#peers.length === 0) return
    let sent = 0
    // Who does not read learns of no acknowledgement: it sends a bounded lot.
    const window = this.kind === 'stuck' ? 200 : this.#window
    while (this.#unacked.length < window) {
      const id = `${this.local}-${++this.#number}`
      this.#ledger.sent.add(id)
      this.#send(client, id)
      sent++
    }
    if (sent > 0 && this.#managed) client.send(`<r xmlns='${NS_SM}'/>`)
  }

  #send(client: LoadClient, id: string): void {
    const number = Number(id.slice(id.lastIndexOf('-') + 1))
    const peer = this.#peers[number % this.#peers.length]!
    this.#unacked.push(id)
    client.send(`<message to='${peer}@${client.options.domain}' type='chat' id='${id}'><body>Message ${id}</body></message>`)
  }

  #acknowledge(h: number): void {
    for (const id of this.#unacked.splice(0, h - this.#acked)) if (id !== '') this.#ledger.acknowledged.add(id)
    this.#acked = h
  }

  #read(client: LoadClient, chunk: string): void {
    const text = this.#carry + chunk
    let end = 0
    let answered = false
    for (const match of text.matchAll(/<(message|presence|iq|a|r)\b([^>]*?)(\/>|>.*?<\/\1>)/gs)) {
      end = match.index + match[0].length
      const [, name, attrs = ''] = match
      if (name === 'a') this.#acknowledge(Number(/\bh='(\d+)'/.exec(attrs)?.[1]))
      else if (name === 'r') answered = true
      else this.#stanza(client, name!, attrs)
      if (name === 'r') client.send(`<a xmlns='${NS_SM}' h='${this.#handled}'/>`)
    }
    this.#carry = text.slice(end)
    if (answered && this.#peers.length > 0) client.send(`<r xmlns='${NS_SM}'/>`)
    this.#fill()
  }

  #stanza(client: LoadClient, name: string, attrs: string): void {
    this.#handled++
    const id = /\bid='([^']*)'/.exec(attrs)?.[1] ?? ''
    if (name === 'message') {
      if (attrs.includes("type='error'")) this.#ledger.refused.add(id)
      else this.#ledger.deliver(this.local, id)
    } else if (name === 'iq' && attrs.includes("type='get'")) {
      if (this.#managed) this.#unacked.push('')
      client.send(`<iq type='result' id='${id}' to='${client.options.domain}'/>`)
    }
  }
}
