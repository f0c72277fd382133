/** A cast member at work: opens, secures, authenticates and binds a stream as far as the play wants. RFC 6120 §§4–7. */
import { evaluate } from './expression.ts'
import type { ExpressionScope } from './expression.ts'
import { difference } from './match.ts'
import type { CastMember, CertificateKind, Stage } from './play-parser.ts'
import type { RemoteDoor } from './remote-door.ts'
import type { StageNames } from './stage-names.ts'
import type { Item, Line } from './inbox.ts'
import { NS_FRAMING, WebSocketWire } from './websocket-wire.ts'
import { Wire, type Credential } from './wire.ts'
import { elementsOf, readFragment, show, textOf } from './xml.ts'
import type { XmlElement } from './xml.ts'

/** The server that a play is performed on. */
export interface Stagehouse {
  readonly host: string
  readonly port: number
  /** Direct TLS. */
  readonly tlsPort?: number
  /** Where a WebSocket is opened, `ws://…`. */
  readonly webSocketUrl?: string
  /** How long a step waits for what it expects. Default 5000. */
  readonly patienceMs?: number
  readonly password: string
  /** Makes a certificate that the server's CA has signed for addresses as they are on the wire. */
  readonly certify?: (addresses: readonly string[]) => Promise<Credential>
  /** Where other servers connect with STARTTLS, and with direct TLS. */
  readonly s2sPort?: number
  readonly s2sTlsPort?: number
  /** Where external components connect; their secret is the password. */
  readonly componentPort?: number
  /** Doors of the other servers, by their domains on the wire. */
  readonly doors?: ReadonlyMap<string, RemoteDoor>
  /** A certificate for a domain on the wire; none for `none`. */
  readonly credential?: (kind: CertificateKind, domain: string) => Credential | undefined
}

/** A step whose expectation was not met. */
export class PlayError extends Error {
  override readonly name = 'PlayError'
}

const serverNamespaces =
  "xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'"
const contentNamespaces = {
  no: 'jabber:client',
  dials: 'jabber:server',
  'is dialled': 'jabber:server',
  'is a component': 'jabber:component:accept',
} as const
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const order: readonly Stage[] = ['away', 'wire', 'stream', 'secured', 'authenticated', 'bound', 'present']

/** One connection with its memory. */
export class Actor {
  member: CastMember
  readonly scope: ExpressionScope
  wire: Line | undefined
  /** Milliseconds that `next` waits. */
  patienceMs: number
  /** Bound: pings can tell that everything before has been dealt with. */
  bound = false
  readonly #house: Stagehouse
  readonly #names: StageNames
  readonly #answers = new Map<string, () => void>()
  #questions = 0
  #awaitsEcho = false
  #counting = false
  #closing = false

  constructor(member: CastMember, house: Stagehouse, names: StageNames, captures: Map<string, string>) {
    this.member = member
    this.#house = house
    this.patienceMs = house.patienceMs ?? 5000
    this.#names = names
    const counts = { sent: 0, received: 0 }
    this.scope = {
      captures,
      password: house.password,
      toWire: text => names.toWire(text),
      counts,
      scram: undefined,
      offer: { mechanisms: [], bindings: [] },
      channelBinding: type => this.wire?.channelBinding(type) ?? Buffer.alloc(0),
    }
    if (member.server === 'is dialled') captures.set(`${member.name} port`, String(this.door?.port ?? ''))
  }

  /** The content namespace of its streams (RFC 6120 §4.8.2). */
  get ns(): string {
    return contentNamespaces[this.member.server]
  }

  get domain(): string {
    return this.member.account?.split('@')[1] ?? 'a.test'
  }

  /** Connects and goes as far as the cast list says. @throws {PlayError} the server does something else */
  async enter(stage: Stage = this.member.stage): Promise<void> {
    const upTo = (wanted: Stage) => order.indexOf(stage) >= order.indexOf(wanted)
    if (!upTo('wire')) return
    await this.connect()
    if (!upTo('stream')) return
    await this.openStream(this.#isComponent ? (this.member.domain ?? '') : this.domain)
    if (this.#isComponent) return upTo('bound') ? this.#shakeHands() : undefined
    if (stage === 'secured' || (upTo('authenticated') && this.member.transport === 'starttls')) await this.secure()
    if (!upTo('authenticated')) return
    await this.authenticate(this.member.account ?? '')
    if (!upTo('bound')) return
    await this.bind(this.member.resource)
    if (this.member.sm !== 'no') await this.#enableSm()
    if (this.member.carbons) await this.ask(`<iq type='set' id='ID'><enable xmlns='urn:xmpp:carbons:2'/></iq>`)
    if (this.member.roster) await this.ask(`<iq type='get' id='ID'><query xmlns='jabber:iq:roster'/></iq>`)
    if (!upTo('present')) return
    const { priority } = this.member
    this.#awaitsEcho = true
    await this.send(priority === undefined ? '<presence/>' : `<presence><priority>${priority}</priority></presence>`)
    await this.ask(ping(this.domain))
  }

  get #isComponent(): boolean {
    return this.member.server === 'is a component'
  }

  /** Proves which component it is (XEP-0114 §3). */
  async #shakeHands(): Promise<void> {
    await this.send(`<handshake>${evaluate(`handshake '${this.member.name} id'`, this.scope)}</handshake>`)
    await this.#expect('element', '<handshake/>')
    this.bound = true
  }

  async connect(): Promise<void> {
    const tls = this.member.transport === 'tls'
    const { host, port, tlsPort = 0, webSocketUrl = '' } = this.#house
    this.bound = false
    this.#counting = false
    this.#closing = false
    const readAs = (text: string) => this.#names.fromWire(text)
    if (this.member.server !== 'no') this.wire = await this.#reach(tls)
    else if (this.member.transport === 'websocket') this.wire = await WebSocketWire.open(webSocketUrl, readAs)
    else {
      const addresses = this.member.certificate?.map(address => this.#names.toWire(address))
      const credential = addresses && (await this.#house.certify?.(addresses))
      this.wire = await Wire.open({
        host,
        port: tls ? tlsPort : port,
        domain: this.domain,
        tls,
        readAs,
        ...(credential ? { credential } : {}),
      })
    }
    this.wire.inbox.filter = item => this.#isBackstage(item)
  }

  async #reach(tls: boolean): Promise<Wire> {
    const { host, s2sPort = 0, s2sTlsPort = 0, componentPort = 0 } = this.#house
    const { domain, readAs, credential } = this.#remote()
    if (this.#isComponent) return Wire.open({ host, port: componentPort, domain, tls: false, readAs, ns: this.ns })
    const port = tls ? s2sTlsPort : s2sPort
    return Wire.open({ host, port, domain: 'a.test', tls, alpn: 'xmpp-server', readAs, credential, ns: this.ns })
  }

  /** Takes the connection that the server under test makes to this domain. @throws {PlayError} it makes none */
  async beDialled(): Promise<void> {
    const { domain, readAs, credential } = this.#remote()
    const socket = await this.door?.next(this.patienceMs)
    if (socket === undefined) throw new PlayError('nobody connected')
    this.#closing = false
    this.wire = Wire.accept(socket, { domain, readAs, credential, ns: this.ns })
    this.wire.inbox.filter = item => this.#isBackstage(item)
  }

  /** Where the server under test finds this domain. */
  get door(): RemoteDoor | undefined {
    return this.#house.doors?.get(this.#remote().domain)
  }

  /** Reads a header and answers it with one of this id and with features. */
  async answerStream(id: string, features: string): Promise<void> {
    const header = await this.#expect('header', `<stream:stream to='${this.member.domain ?? ''}' version='1.0'/>`)
    const to = header.attributes['from']
    await this.send(
      `<?xml version='1.0'?><stream:stream ${serverNamespaces} from='${this.member.domain ?? ''}' id='${id}' version='1.0'` +
        `${to === undefined ? '' : ` to='${to}'`}><stream:features>${features}</stream:features>`,
    )
  }

  #remote() {
    const domain = this.#names.toWire(this.member.domain ?? '')
    return {
      domain,
      readAs: (text: string) => this.#names.fromWire(text),
      credential: this.#house.credential?.(this.member.shows, domain),
    }
  }

  /** Sends a stream header and reads the answer up to the features, which it returns; a component gets none. */
  async openStream(to: string): Promise<XmlElement> {
    const { domain } = this.member
    const ns =
      domain === undefined || this.#isComponent
        ? `xmlns='${this.ns}' xmlns:stream='http://etherx.jabber.org/streams'`
        : `${serverNamespaces} from='${domain}'`
    const version = this.#isComponent ? '' : ` version='1.0' xml:lang='en'`
    await this.send(`<?xml version='1.0'?><stream:stream to='${to}'${version} ${ns}>`)
    const header = await this.#expect(
      'header',
      this.member.transport === 'websocket' ? `<open xmlns='${NS_FRAMING}'/>` : '<stream:stream/>',
    )
    this.scope.captures.set(`${this.member.name} id`, header.attributes['id'] ?? '')
    if (this.#isComponent) return header
    return this.#expect('element', '<stream:features/>')
  }

  /** STARTTLS, and the stream opened again (RFC 6120 §5.4). */
  async secure(): Promise<void> {
    await this.send(`<starttls xmlns='${NS_TLS}'/>`)
    await this.#expect('element', `<proceed xmlns='${NS_TLS}'/>`)
    await this.wire?.upgrade()
    await this.openStream(this.domain)
  }

  /** Logs in by SCRAM-SHA-1, checks the server's proof, and opens the stream again (RFC 6120 §6.4). */
  async authenticate(account: string): Promise<void> {
    const value = (expression: string) => evaluate(expression, this.scope)
    const mechanism = 'SCRAM-SHA-1'
    await this.send(`<auth xmlns='${NS_SASL}' mechanism='${mechanism}'>${value(`scram-first ${account}`)}</auth>`)
    const challenge = await this.#expect('element', `<challenge xmlns='${NS_SASL}'>{any}</challenge>`)
    await this.send(`<response xmlns='${NS_SASL}'>${value(`scram-final ${textOf(challenge)}`)}</response>`)
    await this.#expect('element', `<success xmlns='${NS_SASL}'>${value('scram-signature')}</success>`)
    await this.openStream(account.split('@')[1] ?? this.domain)
  }

  /** Binds a resource, the server's choice when none is given (RFC 6120 §7). */
  async bind(resource: string | undefined): Promise<void> {
    const wish = resource === undefined ? '' : `<resource>${resource}</resource>`
    await this.send(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind></iq>`)
    const jid = resource === undefined ? '{any}' : `${this.member.account ?? ''}/${resource}`
    await this.#expect(
      'element',
      `<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`,
    )
    this.bound = true
  }

  /** Sends a text, with the names of the wire. */
  async send(text: string | Buffer): Promise<void> {
    if (!this.wire) throw new PlayError(`${this.member.name} is not connected`)
    if (typeof text === 'string' && text.includes('</stream:stream>')) this.#closing = true
    if (typeof text === 'string' && this.#counting) this.#count('sent', countStanzas(text))
    await this.wire.write(typeof text === 'string' ? this.#names.toWire(text) : text)
  }

  /** Asks and waits for the answer, which no play sees; `ID` in the text becomes an id of its own. */
  async ask(iq: string): Promise<void> {
    const id = `backstage-${++this.#questions}`
    const answered = new Promise<void>((resolve, reject) => {
      const late = new PlayError(`${this.member.name} got no answer to ${iq}`)
      const timer = setTimeout(() => reject(late), this.patienceMs)
      this.#answers.set(id, () => {
        clearTimeout(timer)
        resolve()
      })
    })
    const from = this.#isComponent ? ` from='${this.member.domain ?? ''}'` : ''
    await this.send(iq.replace("'ID'", `'${id}'${from}`))
    await answered
  }

  async next(): Promise<Item | undefined> {
    return this.wire?.inbox.next(this.patienceMs)
  }

  async #expect(kind: 'header' | 'element', text: string): Promise<XmlElement> {
    const [expected] = readFragment(text, this.ns)
    const item = await this.next()
    if (item?.kind !== 'header' && item?.kind !== 'element')
      throw new PlayError(`${this.member.name} expected ${text} but ${describe(item)}`)
    const wrong = item.kind !== kind || (expected && difference(expected, item.element))
    if (wrong) throw new PlayError(`${this.member.name} expected ${text} but ${describe(item)}`)
    return item.element
  }

  /** Both counters are also remembered under the name of the member, for another stream to resume with. */
  #count(which: 'sent' | 'received', stanzas: number): void {
    this.scope.counts[which] += stanzas
    const word = which === 'sent' ? 'sent' : 'handled'
    this.scope.captures.set(`${this.member.name} ${word}`, String(this.scope.counts[which]))
  }

  #noteOffer(features: XmlElement): void {
    const inside = (name: string) =>
      elementsOf(features)
        .filter(child => child.name === name)
        .flatMap(elementsOf)
    this.scope.offer = {
      mechanisms: inside('mechanisms').map(textOf),
      bindings: inside('sasl-channel-binding').map(binding => binding.attributes['type'] ?? ''),
    }
  }

  /** Any client closes in turn (RFC 6120 §4.4). */
  #answerClose(): void {
    if (!this.#closing) void this.send('</stream:stream>')
    this.wire?.end()
  }

  async #enableSm(): Promise<void> {
    await this.send(`<enable xmlns='urn:xmpp:sm:3' resume='true'/>`)
    const enabled = await this.#expect('element', `<enabled xmlns='urn:xmpp:sm:3'/>`)
    this.scope.captures.set(`${this.member.name} sm-id`, enabled.attributes['id'] ?? '')
    this.scope.counts.sent = 0
    this.scope.counts.received = 0
    this.#counting = true
    this.#count('sent', 0)
    this.#count('received', 0)
  }

  /**
   * Answers to our own questions, the echo of our first presence, pings and requests for acknowledgement are no part of the
   * play; the last two are answered as any client would.
   */
  #isBackstage(item: Item): boolean {
    if (item.kind === 'close') this.#answerClose()
    if (item.kind !== 'element') return false
    const { element } = item
    if (element.name === 'features') this.#noteOffer(element)
    const stanza = ['message', 'presence', 'iq'].includes(element.name)
    if (stanza && this.#counting) this.#count('received', 1)
    const answer = element.name === 'iq' ? this.#answers.get(element.attributes['id'] ?? '') : undefined
    if (answer) {
      this.#answers.delete(element.attributes['id'] ?? '')
      answer()
      return true
    }
    if (
      this.member.sm !== 'manual' &&
      element.name === 'iq' &&
      element.attributes['type'] === 'get' &&
      isPing(element)
    ) {
      // The answer of a server would travel on another stream: a play that cares about it says so.
      if (this.member.server !== 'no' && !this.#isComponent) return true
      const { id = '', from } = element.attributes
      const own = this.#isComponent ? ` from='${element.attributes['to'] ?? ''}'` : ''
      void this.send(`<iq type='result' id='${id}'${own}${from === undefined ? '' : ` to='${from}'`}/>`)
      return true
    }
    const me = `${this.member.account ?? ''}/${this.member.resource ?? ''}`
    if (
      this.#awaitsEcho &&
      element.name === 'presence' &&
      element.attributes['from'] === me &&
      !element.attributes['type']
    ) {
      this.#awaitsEcho = false
      return true
    }
    if (this.member.sm === 'manual' || element.ns !== 'urn:xmpp:sm:3' || element.name !== 'r') return false
    if (this.#counting) void this.send(`<a xmlns='urn:xmpp:sm:3' h='${this.scope.counts.received}'/>`)
    return true
  }
}

/** A ping for {@link Actor.ask}; even who does not know pings answers it. */
export const ping = (to: string): string => `<iq type='get' id='ID' to='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`

function isPing(iq: XmlElement): boolean {
  return elementsOf(iq).some(child => child.name === 'ping' && child.ns === 'urn:xmpp:ping')
}

/** Says in words what came. */
export function describe(item: Item | undefined): string {
  if (!item) return 'nothing came'
  if (item.kind === 'close') return 'the stream was closed'
  if (item.kind === 'end') return 'the connection ended'
  if ('reason' in item) return `what came cannot be read: ${item.reason}`
  return 'element' in item ? `this came: ${show(item.element)}` : ''
}

function countStanzas(text: string): number {
  try {
    return readFragment(text).filter(element => ['message', 'presence', 'iq'].includes(element.name)).length
  } catch {
    return 0
  }
}

/** The condition of a stream error (RFC 6120 §4.9.3). */
export function streamCondition(element: XmlElement): string {
  return (
    elementsOf(element).find(child => child.ns === 'urn:ietf:params:xml:ns:xmpp-streams' && child.name !== 'text')
      ?.name ?? ''
  )
}
