/** A peer for tests: one end of a connection that sends XML as it is written and compares what it gets by meaning. */

import type { Transport } from '@tercet/stream'
// eslint-disable-next-line no-restricted-imports -- a devDependency; tests alone import this file, and no build has it
import { difference, readFragment, show, StreamReader, type Captures, type XmlElement } from '@tercet/testkit'

/** How long an expected element may take. */
const PATIENCE_MS = 2000

/** One end of a stream. What arrives waits in order until a test takes it. */
export class Peer {
  readonly #transport: Transport
  readonly #arrived: XmlElement[] = []
  /** The stream header that was read last. */
  header: XmlElement | undefined
  /** The other side has closed the stream, or the connection is gone. */
  closed = false
  /** Values that expectations remembered with `{name=any}`. */
  readonly captures: Captures = new Map()
  /** Takes elements out before any test sees them: returns true for those. */
  filter: (element: XmlElement) => boolean = () => false
  #reader = this.#newReader()
  #wake: (() => void)[] = []
  #failure: Error | undefined

  constructor(transport: Transport) {
    this.#transport = transport
    const decoder = new TextDecoder()
    const over = (): void => {
      this.closed = true
      this.#woken()
    }
    transport.start({
      chunk: bytes => this.#read(decoder.decode(bytes, { stream: true })),
      drained: () => {},
      ended: over,
      closed: over,
    })
  }

  /** Sends text as it is. */
  send(text: string): void {
    this.#transport.write(text)
  }

  /** Drops the connection without a word. */
  cut(): void {
    this.#transport.destroy()
  }

  /** A new stream header follows in both directions. */
  restart(): void {
    this.#reader = this.#newReader()
    this.header = undefined
  }

  /** The next element, whatever it is. */
  async next(expected = 'an element'): Promise<XmlElement> {
    await this.#until(() => this.#arrived.length > 0, expected)
    return this.#arrived.shift()!
  }

  /** The next element is this one, in the language of `@tercet/testkit`'s `difference`. */
  async receives(xml: string): Promise<XmlElement> {
    const element = await this.next(xml)
    const wrong = difference(one(xml), element, { captures: this.captures })
    if (wrong !== undefined) throw new Error(`${wrong}\nexpected: ${xml}\nreceived: ${show(element)}`)
    return element
  }

  /** The next elements are these, in any order. */
  async receivesInAnyOrder(...xmls: string[]): Promise<void> {
    let left = xmls
    while (left.length > 0) {
      const element = await this.next(left.join(' or '))
      const found = left.find(xml => difference(one(xml), element, { captures: this.captures }) === undefined)
      if (found === undefined) throw new Error(`expected one of:\n${left.join('\n')}\nreceived: ${show(element)}`)
      left = left.filter(xml => xml !== found)
    }
  }

  /** What has arrived and nobody took, as text for a person. */
  get unread(): string[] {
    return this.#arrived.map(element => show(element))
  }

  /** Takes what arrived until an element passes `test`, leaves the rest, and gives that one. */
  async find(test: (element: XmlElement) => boolean, expected: string): Promise<XmlElement> {
    await this.#until(() => this.#arrived.some(test), expected)
    const [element] = this.#arrived.splice(this.#arrived.findIndex(test), 1)
    return element!
  }

  /** Drops what arrived and nobody took. */
  forget(): void {
    this.#arrived.length = 0
  }

  /** The other side closes the stream; nothing else comes before. */
  async receivesClose(): Promise<void> {
    await this.#until(() => this.closed || this.#arrived.length > 0, 'the end of the stream')
    if (this.#arrived.length > 0) throw new Error(`expected the end of the stream, received: ${this.unread.join('')}`)
  }

  async receivesHeader(): Promise<XmlElement> {
    await this.#until(() => this.header !== undefined, 'a stream header')
    return this.header!
  }

  #newReader(): StreamReader {
    return new StreamReader({
      header: element => (this.header = element),
      element: element => {
        if (!this.filter(element)) this.#arrived.push(element)
      },
      text: text => (this.#failure ??= new Error(`text between elements: ${text}`)),
      close: () => (this.closed = true),
    })
  }

  #read(text: string): void {
    try {
      this.#reader.write(text)
    } catch (error) {
      this.#failure ??= new Error(`unreadable: ${text}`, { cause: error })
    }
    this.#woken()
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  async #until(condition: () => boolean, expected: string): Promise<void> {
    const timer = AbortSignal.timeout(PATIENCE_MS)
    const late = (): void => this.#woken()
    timer.addEventListener('abort', late)
    try {
      while (!condition()) {
        if (this.#failure) throw this.#failure
        if (timer.aborted || this.closed) {
          throw new Error(
            `${this.closed ? 'the stream ended' : 'nothing came'}; expected ${expected}\nunread: ${this.unread.join('')}`,
          )
        }
        await new Promise<void>(resolve => this.#wake.push(resolve))
      }
    } finally {
      timer.removeEventListener('abort', late)
    }
  }
}

function one(xml: string): XmlElement {
  const [element, ...more] = readFragment(xml)
  if (!element || more.length > 0) throw new Error(`not one element: ${xml}`)
  return element
}
