/** A stream over a WebSocket: each message is one element and stands for itself. RFC 7395. */
import { Inbox } from './inbox.ts'
import type { Line } from './inbox.ts'
import { readFragment, show, StreamReader } from './xml.ts'
import type { XmlElement } from './xml.ts'

/** The namespace of `<open/>` and `<close/>` (RFC 7395 §3.3.2). */
export const NS_FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing'

/** A WebSocket with the subprotocol `xmpp`. */
export class WebSocketWire implements Line {
  readonly inbox: Inbox
  readonly #socket: WebSocket

  private constructor(socket: WebSocket, readAs: (text: string) => string) {
    this.#socket = socket
    this.inbox = new Inbox(readAs)
    socket.addEventListener('message', event => this.#read(event.data))
    socket.addEventListener('close', () => this.inbox.finish())
    socket.addEventListener('error', () => this.inbox.finish())
  }

  /** Connects. @throws {Error} the server cannot be reached, or does not speak `xmpp` */
  static async open(url: string, readAs: (text: string) => string): Promise<WebSocketWire> {
    const socket = new WebSocket(url, 'xmpp')
    const wire = new WebSocketWire(socket, readAs)
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve())
      socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)))
    })
    if (socket.protocol !== 'xmpp') throw new Error(`the subprotocol is '${socket.protocol}' (RFC 7395 §3.1)`)
    return wire
  }

  /** Text is split into a message for each element; a stream's tags become `<open/>` and `<close/>`; bytes go as they are. */
  write(data: string | Uint8Array): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve()
    const messages = typeof data === 'string' ? frames(data) : [new TextDecoder().decode(data)]
    for (const message of messages) this.#socket.send(message)
    return Promise.resolve()
  }

  upgrade(): Promise<void> {
    return Promise.reject(new Error('a WebSocket is not upgraded to TLS (RFC 7395 §3.9)'))
  }

  channelBinding(type: string): Buffer {
    throw new Error(`no channel binding of type ${type} on a WebSocket`)
  }

  pause(): void {
    throw new Error('a WebSocket cannot stop reading')
  }

  resume(): void {
    throw new Error('a WebSocket cannot stop reading')
  }

  end(): void {
    this.#socket.close()
  }

  cut(): void {
    this.#socket.close()
  }

  #read(data: unknown): void {
    try {
      if (typeof data !== 'string') throw new Error('a binary message (RFC 7395 §3.2)')
      if (!data.startsWith('<')) throw new Error('a message that does not begin with < (RFC 7395 §3.3.3)')
      for (const element of readMessage(data)) {
        if (element.ns === NS_FRAMING && element.name === 'close') this.inbox.push({ kind: 'close' })
        else this.inbox.push({ kind: element.ns === NS_FRAMING ? 'header' : 'element', element })
      }
    } catch (cause) {
      this.inbox.push({ kind: 'broken', reason: cause instanceof Error ? cause.message : String(cause) })
    }
  }
}

/** Nothing is declared around a message: it declares all that it needs. */
function readMessage(text: string): XmlElement[] {
  const found: XmlElement[] = []
  const ignore = () => {}
  const outside = (value: string) => {
    throw new Error(`text outside an element: ${value}`)
  }
  const reader = new StreamReader({
    header: ignore,
    element: element => found.push(element),
    text: outside,
    close: ignore,
  })
  reader.write(`<message-of-websocket>${text}</message-of-websocket>`)
  if (found.length !== 1) throw new Error('a message that is not one element (RFC 7395 §3.3.3)')
  return found
}

function frames(text: string): string[] {
  const closing = text.includes('</stream:stream>')
  const elements = readFragment(text.replace(/^<\?xml[^>]*\?>/, '').replace('</stream:stream>', ''))
  const written = elements.map(element =>
    element.name === 'stream' ? show({ ...element, name: 'open', ns: NS_FRAMING }, '') : show(element, ''),
  )
  return closing ? [...written, `<close xmlns='${NS_FRAMING}'/>`] : written
}
