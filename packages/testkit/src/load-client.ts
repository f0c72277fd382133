/** A client for load: logs in, then counts what arrives by looking for bytes, not by reading XML. Knows only what our loads send. */

import { createHmac } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
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

/** What is asked for beside a login at once. */
export interface AtOnce {
  /** A UUID of version 4. */
  readonly client: string
  /** Of the last login; undefined: the password tells who it is, and a token is asked for. */
  readonly token?: string | undefined
  /** Wire text within `<bind/>`, default none. */
  readonly binding?: string
  /** Wire text beside `<bind/>`, default none. */
  readonly beside?: string
}

/** A login at once that succeeded. */
export interface LoggedIn {
  /** The token to use next. */
  readonly token: string | undefined
  /** Wire text of `<success/>`. */
  readonly success: string
}

/** The server does not take a login. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
}

const FAST = "xmlns='urn:xmpp:fast:0'"
const HT = 'HT-SHA-256-EXPR'
const STREAMS = 'http://etherx.jabber.org/streams'

/** One connection. After `login` all input goes to `onData`. */
export class LoadClient {
  readonly options: LoadClientOptions
  readonly jid: string
  socket: Socket
  /** Below TLS. */
  readonly #bare: Socket
  /** Takes what arrives; replaced by each load. */
  onData: (chunk: Buffer) => void
  onClose: () => void = () => {}
  closed = false
  /** How often it has waited for the server; the connection and the handshake of TLS count, too. */
  turns = 1
  #text = ''
  #wake: (() => void) | undefined

  constructor(options: LoadClientOptions) {
    this.options = options
    this.jid = `${options.local}@${options.domain}`
    this.onData = chunk => this.#gather(chunk)
    this.#bare = connect({ host: options.host, port: options.port, noDelay: true })
    this.socket = this.#bare
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
    this.turns++
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

  /** Takes what has come behind the last match; `onData` is not given it. */
  rest(): string {
    const text = this.#text
    this.#text = ''
    return text
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
      await this.#startTls()
      this.#open()
      features = await this.expect(/<stream:features>.*?<\/stream:features>/s)
    }
    let cache = caches.get(`${mechanism} ${this.jid}`)
    if (!cache) caches.set(`${mechanism} ${this.jid}`, (cache = {}))
    const types = [...features[0].matchAll(/<channel-binding type=.(.*?).\/>/g)].map(match => match[1]!)
    const [list = ''] = /<mechanisms .*?<\/mechanisms>/s.exec(features[0]) ?? []
    const sasl = clientMechanism(mechanism, {
      credentials: { username: local, password, scramCache: cache },
      offered: [...list.matchAll(/<mechanism>(.*?)<\/mechanism>/g)].map(match => match[1]!),
      ...(types.length > 0 ? { bindingTypesOffered: types } : {}),
      secure: this.options.tls ?? false,
    })
    const initial = await sasl.initial()
    const first = initial ? encodeBase64(initial) : ''
    this.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism}'>${first}</auth>`)
    for (;;) {
      const [, name, data = ''] = await this.expect(/<(challenge|success|failure) [^>]*?(?:\/>|>(.*?)<\/\1>)/s)
      if (name === 'failure') throw new LoginRefused(`Login failed: ${data}`)
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

  /**
   * Logs in and binds over TLS in one exchange (XEP-0388, XEP-0386): by `token`, without waiting for the features, or by PLAIN to get one. Undefined:
   * the server has no extensible SASL; {@link authenticate} and {@link bind} are what is left.
   *
   * @throws {LoginRefused}
   */
  async logInAtOnce(wanted: AtOnce): Promise<LoggedIn | undefined> {
    const { token } = wanted
    this.#open()
    await this.expect(/<stream:features>.*?<\/stream:features>/s)
    await this.#startTls()
    this.#open()
    if (token === undefined) {
      const features = await this.expect(/<stream:features>.*?<\/stream:features>/s)
      if (!features[0].includes("'urn:xmpp:sasl:2'")) return undefined
      const { local, password } = this.options
      this.#request(
        'PLAIN',
        Buffer.from(`\0${local}\0${password}`),
        wanted,
        `<request-token ${FAST} mechanism='${HT}'/>`,
      )
    } else {
      const hmac = createHmac('sha256', token).update('Initiator').update(this.#exported())
      const proof = Buffer.concat([Buffer.from(`${this.options.local}\0`), hmac.digest()])
      this.#request(HT, proof, wanted, `<fast ${FAST}/>`)
    }
    const [text, name] = await this.expect(/<(success|failure) xmlns='urn:xmpp:sasl:2'.*?<\/\1>/s)
    if (name === 'failure') throw new LoginRefused(`Login failed: ${text}`)
    return { token: / token='([^']*)'/.exec(text)?.[1] ?? token, success: text }
  }

  #request(mechanism: string, data: Buffer, { client, binding = '', beside = '' }: AtOnce, more: string): void {
    const initial = `<initial-response>${data.toString('base64')}</initial-response>`
    const agent = `<user-agent id='${client}'><software>bench</software></user-agent>`
    const bind = `<bind xmlns='urn:xmpp:bind:0'><tag>bench</tag>${binding}</bind>`
    this.send(
      `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='${mechanism}'>${initial}${agent}${bind}${beside}${more}</authenticate>`,
    )
  }

  #exported(): Buffer {
    if (!(this.socket instanceof TLSSocket)) throw new Error('A token needs TLS')
    return this.socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  }

  async #startTls(): Promise<void> {
    this.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await this.expect(/<proceed [^>]*>/)
    await this.#secure()
  }

  async #secure(): Promise<void> {
    const plain = this.socket
    this.turns++
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

  /** The link is gone without a word. */
  cut(): void {
    // A socket of TLS cannot be reset.
    this.#bare.resetAndDestroy()
    this.socket.destroy()
  }
}
