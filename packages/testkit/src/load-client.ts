/** A client for load: logs in, then counts what arrives by looking for bytes, not by reading XML. Knows only what our loads send. */

import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { clientMechanism, decodeBase64Strict, encodeBase64, type ScramCache } from '@tercet/sasl'

/** Where and as whom. */
export interface LoadClientOptions {
  readonly host: string
  readonly port: number
  readonly domain: string
  readonly local: string
  readonly password: string
  readonly resource?: string
  /** STARTTLS before logging in. */
  readonly tls?: boolean
  /** Default SCRAM-SHA-1. */
  readonly mechanism?: string
}

/** What was derived from a password, by salt; one PBKDF2 for all logins of a run. */
const caches = new Map<string, ScramCache>()

const STREAMS = 'http://etherx.jabber.org/streams'

/** One connection. After `login` all input goes to `onData`. */
export class LoadClient {
  readonly options: LoadClientOptions
  readonly jid: string
  socket: Socket
  /** Takes what arrives; replaced by each load. */
  onData: (chunk: Buffer) => void
  onClose: () => void = () => {}
  closed = false
  #text = ''
  #wake: (() => void) | undefined

  constructor(options: LoadClientOptions) {
    this.options = options
    this.jid = `${options.local}@${options.domain}`
    this.onData = chunk => this.#gather(chunk)
    this.socket = connect({ host: options.host, port: options.port, noDelay: true })
    this.#listen()
  }

  #listen(): void {
    this.socket.on('data', chunk => this.onData(chunk))
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
      this.#wake?.()
      this.onClose()
    })
  }

  #gather(chunk: Buffer): void {
    this.#text += chunk.toString('utf8')
    this.#wake?.()
  }

  send(text: string): boolean {
    return this.socket.write(text)
  }

  /** Waits for `pattern` in what arrives and takes everything up to it. */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#text)
      if (match) {
        this.#text = this.#text.slice(match.index + match[0].length)
        return match
      }
      if (this.closed) throw new Error(`Closed while waiting for ${String(pattern)}: ${this.#text.slice(0, 300)}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #open(): void {
    this.send(
      `<?xml version='1.0'?><stream:stream to='${this.options.domain}' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
    )
  }

  /** Opens the stream and authenticates, up to the features that offer binding. */
  async authenticate(): Promise<void> {
    const { local, password, mechanism = 'SCRAM-SHA-1' } = this.options
    this.#open()
    let features = await this.expect(/<stream:features>.*?<\/stream:features>/s)
    if (this.options.tls && features[0].includes('xmpp-tls')) {
      this.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
      await this.expect(/<proceed [^>]*>/)
      await this.#secure()
      this.#open()
      features = await this.expect(/<stream:features>.*?<\/stream:features>/s)
    }
    let cache = caches.get(`${mechanism} ${this.jid}`)
    if (!cache) caches.set(`${mechanism} ${this.jid}`, (cache = {}))
    const types = [...features[0].matchAll(/<channel-binding type=.(.*?).\/>/g)].map(match => match[1]!)
    const sasl = clientMechanism(mechanism, {
      credentials: { username: local, password, scramCache: cache },
      offered: [...features[0].matchAll(/<mechanism>(.*?)<\/mechanism>/g)].map(match => match[1]!),
      ...(types.length > 0 ? { bindingTypesOffered: types } : {}),
      secure: this.options.tls ?? false,
    })
    const initial = await sasl.initial()
    const first = initial ? encodeBase64(initial) : ''
    this.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism}'>${first}</auth>`)
    for (;;) {
      const [, name, data = ''] = await this.expect(/<(challenge|success|failure) [^>]*?(?:\/>|>(.*?)<\/\1>)/s)
      if (name === 'failure') throw new Error(`Login failed: ${data}`)
      const bytes = data === '' || data === '=' ? new Uint8Array() : decodeBase64Strict(data)
      if (name === 'success') {
        await sasl.success(data === '' ? undefined : bytes)
        break
      }
      this.send(
        `<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${encodeBase64(await sasl.challenge(bytes))}</response>`,
      )
    }
    this.#open()
    await this.expect(/<stream:features>.*?<\/stream:features>/s)
  }

  /** Binds a resource. */
  async bind(): Promise<void> {
    const resource = this.options.resource ? `<resource>${this.options.resource}</resource>` : ''
    this.send(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${resource}</bind></iq>`)
    await this.expect(/<jid>([^<]*)<\/jid><\/bind><\/iq>/)
  }

  /** Authenticates, binds, and says that it is available. */
  async login(): Promise<this> {
    await this.authenticate()
    await this.bind()
    this.send('<presence/>')
    return this
  }

  async #secure(): Promise<void> {
    const plain = this.socket
    plain.removeAllListeners('data')
    plain.removeAllListeners('close')
    this.socket = connectTls({ socket: plain, rejectUnauthorized: false, servername: this.options.domain })
    this.#listen()
    await new Promise<void>((resolve, reject) => {
      this.socket.once('secureConnect', () => resolve())
      this.socket.once('error', reject)
    })
  }

  destroy(): void {
    this.socket.destroy()
  }
}
