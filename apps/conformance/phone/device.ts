/** A device: it loses its link, resumes or comes back afresh, and merges live stream, resumption and archive by stanza-id. */

import type { XmlElement } from '@tercet/testkit'
import { LoadClient } from '@tercet/testkit/load-client'
import { within } from '../crash/within.ts'
import { NS_SM, type LogIn } from './login.ts'
import { archived, live, pageEnd, pageRequest, readerOf, type Seen } from './wire.ts'

const WINDOW = 20
const ANSWER_MS = 30_000

/** What a device is and does. */
export interface DeviceOptions {
  readonly local: string
  /** The name of the device, too. */
  readonly resource: string
  /** Bare address of the one to whom it writes. */
  readonly peer: string
  readonly messages: number
  readonly logIn: LogIn
}

/** A stanza that was sent and not acknowledged. */
interface Unsure {
  readonly text: string
  /** If it is a message: its name, and what the device knew of its archive when it sent it first. */
  readonly name?: string
  readonly after?: string | undefined
}

interface Page {
  readonly id: string
  readonly entries: Seen[]
  readonly answer: PromiseWithResolvers<XmlElement>
}

/** One client of an account. It has one list of messages and never puts anything but at its end. */
export class Device {
  readonly options: DeviceOptions
  /** In the order in which they came to be known. */
  readonly list: Seen[] = []
  /** Errors that came back. */
  readonly errors: string[] = []
  resumed = 0
  fresh = 0
  readonly #own: string
  readonly #known = new Set<string>()
  #client: LoadClient | undefined
  #smId: string | undefined
  /** Of this session, in order. */
  #unsure: Unsure[] = []
  #acked = 0
  #handled = 0
  #number = 0
  /** Messages of an earlier session to be sent again, unless the archive has them; `#exact`: the server has said that it has none of them. */
  #again: Unsure[] = []
  #exact = true
  /** What comes live before the archive is caught up with. */
  #held: Seen[] | undefined
  #page: Page | undefined
  #pages = 0

  constructor(options: DeviceOptions) {
    this.options = options
    this.#own = `${options.local}@a.test`
  }

  get name(): string {
    return this.options.resource
  }

  get sent(): number {
    return this.#number
  }

  /** Everything is sent and acknowledged, and the archive is caught up with. */
  get finished(): boolean {
    const open = this.#again.length > 0 || this.#unsure.some(({ name }) => name !== undefined)
    return this.#number === this.options.messages && !open && this.#held === undefined
  }

  get connected(): boolean {
    return this.#client !== undefined && !this.#client.closed
  }

  /** The link is gone without a word. */
  cut(): void {
    const client = this.#client
    this.#client = undefined
    this.#page?.answer.reject(new Error('The link was cut'))
    client?.cut()
  }

  /**
   * Comes back: with its old session if it is still there (`resume`), or as a program that was started anew.
   *
   * @throws {Error} the server is not there, or the link is lost meanwhile
   */
  async connect(port: number, how: 'resume' | 'fresh'): Promise<void> {
    await within(ANSWER_MS, `Login of ${this.name}`, this.#connect(port, how))
  }

  async #connect(port: number, how: 'resume' | 'fresh'): Promise<void> {
    const { local, resource, logIn } = this.options
    const account = { domain: 'a.test', local, password: `pw-${local}`, resource }
    const client = new LoadClient({ host: '127.0.0.1', port, ...account })
    this.#client = client
    const previd = how === 'resume' ? this.#smId : undefined
    const { resumed, h, smId } = await logIn(client, previd === undefined ? undefined : { previd, h: this.#handled })
    if (h !== undefined) this.#acknowledge(h)
    if (resumed) return this.#resume(client)
    this.fresh++
    if (this.#again.length === 0) this.#exact = h !== undefined
    this.#again.push(...this.#unsure.filter(({ name }) => name !== undefined))
    this.#smId = smId
    this.#unsure = []
    this.#acked = 0
    this.#handled = 0
    this.#held = []
    this.#listen(client)
    this.#send(client, { text: "<iq type='set' id='carbons'><enable xmlns='urn:xmpp:carbons:2'/></iq>" })
    this.#send(client, { text: '<presence/>' })
    await this.#settle(client)
  }

  async #resume(client: LoadClient): Promise<void> {
    this.resumed++
    this.#listen(client)
    for (const { text } of this.#unsure) client.send(text)
    await this.#settle(client)
  }

  /** Catches up with the archive where that is due, sends again what has to be, and goes on. */
  async #settle(client: LoadClient): Promise<void> {
    if (this.#held) {
      const [first] = this.#again
      const there = await this.#catchUp(client, first && !this.#exact ? first.after : this.list.at(-1)?.archiveId)
      for (const seen of this.#held) this.#add(seen)
      this.#held = undefined
      for (const unsure of this.#again.splice(0))
        if (this.#exact || !there.has(unsure.name ?? '')) this.#send(client, unsure)
    }
    client.send(`<r xmlns='${NS_SM}'/>`)
    this.#fill(client)
  }

  /** Reads the archive from an id on, to its end; gives the names that it saw. */
  async #catchUp(client: LoadClient, from: string | undefined): Promise<Set<string>> {
    const names = new Set<string>()
    for (let after = from; ;) {
      const page: Page = { id: `page-${++this.#pages}`, entries: [], answer: Promise.withResolvers() }
      this.#page = page
      this.#send(client, { text: pageRequest(page.id, after) })
      const { complete, last } = pageEnd(await page.answer.promise)
      for (const seen of page.entries) {
        names.add(seen.name)
        this.#add(seen)
      }
      if (complete) return names
      after = last
    }
  }

  #add(seen: Seen): void {
    if (this.#known.has(seen.archiveId)) return
    this.#known.add(seen.archiveId)
    this.list.push(seen)
  }

  #send(client: LoadClient, unsure: Unsure): void {
    this.#unsure.push(unsure)
    client.send(unsure.text)
  }

  #fill(client: LoadClient): void {
    if (client !== this.#client || client.closed || this.#held) return
    let sent = 0
    for (; this.#unsure.length < WINDOW && this.#number < this.options.messages; sent++) {
      const name = `${this.name}-${++this.#number}`
      const text = `<message to='${this.options.peer}' type='chat' id='${name}'><body>Message ${name}</body><origin-id xmlns='urn:xmpp:sid:0' id='${name}'/></message>`
      this.#send(client, { text, name, after: this.list.at(-1)?.archiveId })
    }
    if (sent > 0) client.send(`<r xmlns='${NS_SM}'/>`)
  }

  #acknowledge(h: number): void {
    if (h < this.#acked) throw new Error(`${this.name}: the count went back from ${this.#acked} to ${h}`)
    this.#unsure.splice(0, h - this.#acked)
    this.#acked = h
  }

  #listen(client: LoadClient): void {
    const reader = readerOf(element => this.#read(client, element))
    client.onData = chunk => {
      if (client === this.#client) reader.write(chunk.toString('latin1'))
    }
    reader.write(client.rest())
    client.onClose = () => {
      if (client === this.#client) this.#page?.answer.reject(new Error('The link was lost'))
    }
  }

  #read(client: LoadClient, element: XmlElement): void {
    if (client !== this.#client) return
    if (element.ns === NS_SM) {
      if (element.name === 'r') client.send(`<a xmlns='${NS_SM}' h='${this.#handled}'/>`)
      if (element.name === 'a') {
        this.#acknowledge(Number(element.attributes['h']))
        this.#fill(client)
      }
      return
    }
    // An error of the stream, or its features.
    if (element.ns !== 'jabber:client') return
    this.#handled++
    if (element.name === 'iq') this.#iq(element)
    if (element.name === 'message') this.#message(element)
  }

  #iq(element: XmlElement): void {
    const page = this.#page
    if (page?.id !== element.attributes['id']) return
    if (element.attributes['type'] === 'result') page?.answer.resolve(element)
    else page?.answer.reject(new Error(JSON.stringify(element)))
  }

  #message(element: XmlElement): void {
    if (element.attributes['type'] === 'error') {
      this.errors.push(JSON.stringify(element))
      return
    }
    const entry = archived(element)
    if (entry) {
      this.#page?.entries.push(entry)
      return
    }
    const seen = live(element, this.#own)
    if (!seen) throw new Error(`A message without an id of the archive: ${JSON.stringify(element)}`)
    if (this.#held) this.#held.push(seen)
    else this.#add(seen)
  }
}
