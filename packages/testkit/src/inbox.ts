/** What a server says on one connection, item by item, and the connection itself as plays see it. */
import type { XmlElement } from './xml.ts'

/** What came from the server, in order. */
export type Item =
  | { readonly kind: 'header' | 'element'; readonly element: XmlElement }
  | { readonly kind: 'close' | 'end' }
  | { readonly kind: 'broken'; readonly reason: string }

/** A connection, over TCP or a WebSocket. */
export interface Line {
  readonly inbox: Inbox
  /** Takes TLS onto the connection. */
  upgrade(): Promise<void>
  /** Writes and waits until the bytes are given away. */
  write(data: string | Uint8Array): Promise<void>
  /** Data of a channel-binding type. @throws {Error} there is none of this type */
  channelBinding(type: string): Buffer
  pause(): void
  resume(): void
  /** Ends our side in order. */
  end(): void
  /** Drops the connection without a word. */
  cut(): void
}

/** A queue of items that can be waited for. */
export class Inbox {
  /** Sees each item first and may keep it from the queue by returning true. */
  filter: (item: Item) => boolean = () => false
  ended = false
  readonly #items: Item[] = []
  readonly #readAs: (text: string) => string
  #waiting: (() => void) | undefined

  /** `readAs` renames accounts in the values of what was read. */
  constructor(readAs: (text: string) => string) {
    this.#readAs = readAs
  }

  /** The next item, or undefined when none comes in time. */
  async next(timeoutMs: number): Promise<Item | undefined> {
    const deadline = performance.now() + timeoutMs
    while (this.#items.length === 0) {
      const left = deadline - performance.now()
      if (left <= 0) return undefined
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left)
        this.#waiting = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#waiting = undefined
    }
    return this.#items.shift()
  }

  /** What is queued and not yet taken. */
  get pending(): readonly Item[] {
    return this.#items
  }

  /** Forgets what is queued. */
  clear(): void {
    this.#items.length = 0
  }

  push(item: Item): void {
    const read = 'element' in item ? { ...item, element: translated(item.element, this.#readAs) } : item
    if (this.filter(read)) return
    this.#items.push(read)
    this.#waiting?.()
  }

  /** The connection has ended; only the first time counts. */
  finish(): void {
    if (this.ended) return
    this.ended = true
    this.push({ kind: 'end' })
  }
}

function translated(element: XmlElement, readAs: (text: string) => string): XmlElement {
  const attributes = Object.entries(element.attributes).map(([name, value]) => [name, readAs(value)])
  const children: (XmlElement | string)[] = []
  for (const child of element.children) {
    const last = children.at(-1)
    if (typeof child !== 'string') children.push(translated(child, readAs))
    else if (typeof last === 'string') children[children.length - 1] = last + child
    else children.push(child)
  }
  return {
    ...element,
    // Pairs of strings make a record of strings.
    attributes: Object.fromEntries(attributes) as Record<string, string>,
    children: children.map(child => (typeof child === 'string' ? readAs(child) : child)),
  }
}
