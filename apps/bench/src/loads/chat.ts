/** Pairs of accounts, one of which writes to the bare address of the other. */

import type { LoadClient } from '@tercet/testkit/load-client'
import { FAR_DOMAIN } from '../ground.ts'
import type { BenchServer } from '../servers/server.ts'
import { logIn } from './clients.ts'
import type { Load } from './load.ts'
import { countMarks, MARK } from './marks.ts'
import { inParallel, until, within } from './wait.ts'

/** How the pairs talk. */
export interface ChatOptions {
  readonly tls?: boolean
  /** Messages per second over all pairs; absent: as many as are delivered, with {@link OUTSTANDING} of each pair under way. */
  readonly rate?: number
  /** Stream management on all sessions; `silent`: receivers confirm nothing until the load stops. */
  readonly management?: 'acknowledging' | 'silent'
  /** Who reads is on the server of the other domain, and acknowledges: what a server has told another one is safe waits for that. */
  readonly federated?: boolean
}

const PAIRS = 50
const OUTSTANDING = 100
const BODY_BYTES = 150
/** Below the limits of servers on unconfirmed stanzas. */
const MOST_UNCONFIRMED = 4500
const REQUEST = "<r xmlns='urn:xmpp:sm:3'/>"

/** Accounts that a chat needs. */
export const chatAccounts = PAIRS * 2

/** Logs the pairs in. */
export async function prepareChat(
  server: BenchServer,
  locals: readonly string[],
  options: ChatOptions = {},
): Promise<Load> {
  const tls = options.tls ?? false
  const clients = options.federated
    ? await logInApart(server, locals.slice(0, PAIRS), tls)
    : await logIn(server, locals.slice(0, chatAccounts), { tls })
  if (options.management) await Promise.all(clients.map(manage))
  return new Chat(clients, options)
}

/** Each writes here, and reads there under the same name; the writers are contacts of the readers. */
async function logInApart(server: BenchServer, locals: readonly string[], tls: boolean): Promise<LoadClient[]> {
  if (!server.far) throw new Error(`${server.name} was started without another server`)
  const senders = await logIn(server, locals, { tls })
  const receivers = await logIn(server.far, locals, { tls, domain: FAR_DOMAIN })
  const pairs = senders.map((sender, index) => [sender, receivers[index]!] as const)
  await within(inParallel(pairs, 8, befriend), 'All readers know their writers')
  // What they heard of each other until now is not to be counted.
  await Promise.all(receivers.map(manage))
  return pairs.flat()
}

/** The reader has the writer on the roster (RFC 6121 §3.1): messages of strangers may be limited. */
async function befriend([writer, reader]: readonly [LoadClient, LoadClient]): Promise<void> {
  reader.send(`<presence to='${writer.jid}' type='subscribe'/>`)
  await writer.expect(new RegExp(`<presence[^>]*from=.${reader.jid}.[^>]*>`))
  writer.send(`<presence to='${reader.jid}' type='subscribed'/>`)
  await reader.expect(new RegExp(`<presence[^>]*from=.${writer.jid}/bench.[^>]*>`))
}

async function manage(client: LoadClient): Promise<void> {
  client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
  await client.expect(/<enabled [^>]*>/)
}

class Chat implements Load {
  readonly latencies: number[] = []
  operations = 0
  running = false
  readonly #pairs: Pair[]
  readonly #rate: number | undefined
  readonly #managed: boolean
  #paced = false
  #timer: NodeJS.Timeout | undefined

  constructor(clients: readonly LoadClient[], options: ChatOptions) {
    this.#rate = options.rate
    this.#managed = options.management !== undefined || (options.federated ?? false)
    this.#pairs = Array.from(
      { length: PAIRS },
      (_, index) => new Pair(this, clients[2 * index]!, clients[2 * index + 1]!, options),
    )
  }

  /** Whether messages come at a fixed rate, and the next ones not when others have arrived. */
  get paced(): boolean {
    return this.#paced
  }

  start(unpaced = false): void {
    this.running = true
    this.#paced = this.#rate !== undefined && !unpaced
    this.latencies.length = 0
    if (this.#rate !== undefined && this.#paced) this.#pace(this.#rate)
    else for (const pair of this.#pairs) pair.send(OUTSTANDING)
  }

  #pace(rate: number): void {
    const began = performance.now()
    let sent = 0
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * rate) / 1000)
      for (; sent < due; sent++) this.#pairs[sent % PAIRS]!.send(1)
    }, 1)
  }

  async stop(): Promise<void> {
    this.running = false
    clearInterval(this.#timer)
    const refused = () => this.#pairs.find(pair => pair.refusal)?.refusal
    await until(() => refused() !== undefined || this.#pairs.every(pair => pair.settled), 'Every message arrives')
    if (refused()) throw new Error(`The load was refused: ${refused()}`)
    if (this.#managed) for (const pair of this.#pairs) pair.confirm()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const pair of this.#pairs) pair.close()
  }
}

/** One writes, one reads. */
class Pair {
  readonly #chat: Chat
  readonly #sender: LoadClient
  readonly #receiver: LoadClient
  readonly #options: ChatOptions
  /** The receiver answers when it is asked. */
  readonly #acknowledges: boolean
  /** As many messages as may be under way, and what asks for their acknowledgement: what is sent is the end of it. */
  readonly #block: Buffer
  readonly #messageBytes: number
  readonly #requestBytes: number
  readonly #sentAt = new Float64Array(4096)
  #sent = 0
  #received = 0
  #confirmed = 0
  /** What the server said to a sender instead of delivering. */
  refusal: string | undefined
  /** The last byte of the chunk before: a request is recognised by two. */
  #last = 0

  constructor(chat: Chat, sender: LoadClient, receiver: LoadClient, options: ChatOptions) {
    this.#chat = chat
    this.#sender = sender
    this.#receiver = receiver
    this.#options = options
    this.#acknowledges = options.management === 'acknowledging' || (options.federated ?? false)
    const body = `${MARK}${'All work and no play makes Jack a dull boy. '.repeat(4)}`.slice(0, BODY_BYTES)
    const message = `<message to='${receiver.jid}' type='chat' id='m1'><body>${body}</body></message>`
    const request = options.management ? REQUEST : ''
    this.#messageBytes = Buffer.byteLength(message)
    this.#requestBytes = Buffer.byteLength(request)
    this.#block = Buffer.from(message.repeat(OUTSTANDING) + request)
    sender.onData = chunk => {
      if (chunk.includes('<error')) this.refusal ??= chunk.toString('utf8', 0, 400)
    }
    receiver.onData = chunk => this.#arrived(chunk)
    sender.onClose = receiver.onClose = () => this.#lost()
  }

  /** Everything has arrived. */
  get settled(): boolean {
    return this.#received === this.#sent
  }

  send(count: number): void {
    if (this.#chat.paced) this.#sentAt[this.#sent % this.#sentAt.length] = performance.now()
    for (let left = count; left > 0; left -= OUTSTANDING) {
      const bytes = Math.min(left, OUTSTANDING) * this.#messageBytes + this.#requestBytes
      this.#sender.socket.write(this.#block.subarray(this.#block.length - bytes))
    }
    this.#sent += count
  }

  /** Tells the server what has arrived. */
  confirm(): void {
    this.#confirmed = this.#received
    this.#receiver.send(`<a xmlns='urn:xmpp:sm:3' h='${this.#received}'/>`)
  }

  close(): void {
    this.#sender.onClose = this.#receiver.onClose = () => {}
    this.#sender.destroy()
    this.#receiver.destroy()
  }

  #arrived(chunk: Buffer): void {
    const count = countMarks(chunk)
    if (this.#chat.paced) this.#time(count)
    this.#received += count
    this.#chat.operations += count
    if (this.#acknowledges && this.#asked(chunk)) this.confirm()
    if (count === 0 || !this.#chat.running || this.#chat.paced) return
    if (this.#options.management !== 'silent' || this.#sent - this.#confirmed < MOST_UNCONFIRMED) this.send(count)
  }

  #time(count: number): void {
    const now = performance.now()
    for (let index = 0; index < count; index++)
      this.#chat.latencies.push(now - this.#sentAt[(this.#received + index) % this.#sentAt.length]!)
  }

  /** Whether a chunk has an `<r/>`; only that element begins with an r here. */
  #asked(chunk: Buffer): boolean {
    const straddles = this.#last === 0x3c && chunk[0] === 0x72
    this.#last = chunk[chunk.length - 1]!
    return straddles || chunk.includes('<r')
  }

  #lost(): void {
    this.refusal ??= 'the server closed a stream under load'
  }
}
