/** A server in memory and clients that log in to it, for the tests of modules. */

import { BareJid } from '@tercet/jid'
import { clientMechanism, decodeBase64Strict, encodeBase64, type ScramCache } from '@tercet/sasl'
import { fromFragment, writeStanza, type SubscriptionState } from '@tercet/stanza'
import { memoryStorage } from '@tercet/storage/memory'
import { memoryPair, type TlsInfo } from '@tercet/stream'
// eslint-disable-next-line no-restricted-imports -- a devDependency; tests alone import this file, and no build has it
import { difference, elementsOf, readFragment, show, textOf, type XmlElement } from '@tercet/testkit'
import { readStanza } from '@tercet/xml'
import { Accounts, type AccountKeys } from './accounts.ts'
import { standardModules } from './modules/index.ts'
import { rosters, stranger } from './modules/roster.ts'
import type { Module } from './module.ts'
import { Peer } from './peer.fixture.ts'
import { createServer, type HostOptions, type Server, type ServerOptions } from './server.ts'
import type { Origin, Turn } from './turn.ts'

/** The password of every account of a fixture. */
export const PASSWORD = 'Where art thou?'

/** The fewest rounds that a client accepts. */
const ITERATIONS = 4096

// The same password everywhere: one derivation for all tests of a file.
let keys: Promise<AccountKeys> | undefined
const scramCache: ScramCache = {}

/** What a test says about its server; everything has a default. */
export interface FixtureOptions extends Partial<Omit<ServerOptions, 'hosts'>> {
  /** Served domains, default `a.test`. */
  readonly domains?: readonly string[]
  /** Default: {@link standardModules}. */
  readonly modules?: readonly Module[]
  /** What else is said of each domain. */
  readonly host?: Omit<HostOptions, 'name' | 'modules'>
  /** Bare addresses, default `romeo@a.test` and `juliet@a.test`. */
  readonly accounts?: readonly string[]
}

/** Starts a server; dispose of it at the end of the test. */
export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const {
    domains = ['a.test'],
    modules = standardModules,
    accounts = ['romeo@a.test', 'juliet@a.test'],
    storage = memoryStorage(),
    host = {},
    ...rest
  } = options
  const afar = new Afar()
  const server = await createServer({
    storage,
    hosts: domains.map(name => ({ ...host, name, modules })),
    requireTls: false,
    iterations: ITERATIONS,
    remote: afar,
    ...rest,
  })
  afar.server = server
  keys ??= new Accounts(memoryStorage(), 'a.test', ITERATIONS).derive(PASSWORD)
  for (const account of accounts) {
    const { domain, local } = BareJid.parse(account)
    await server.hosts.get(domain)!.accounts.put(local, await keys, { create: false })
  }
  return new Fixture(server, afar)
}

/** A running server with its clients. */
export class Fixture implements AsyncDisposable {
  readonly server: Server
  /** Everybody on domains that are not served here. */
  readonly afar: Afar
  readonly #clients = new Set<Client>()

  constructor(server: Server, afar: Afar) {
    this.server = server
    this.afar = afar
  }

  /** A guest with a resource of the server's choice (SASL ANONYMOUS). */
  async guest(options: { address?: string } = {}): Promise<Client> {
    const client = this.connect(options)
    await client.open('a.test')
    client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>")
    await client.receives("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{no child}</success>")
    await client.open('a.test')
    await client.bind('a.test')
    return client
  }

  /** A connection that has said nothing yet. */
  connect(options: { tls?: TlsInfo; address?: string } = {}): Client {
    const { tls, address } = options
    const [near, far] = memoryPair(tls ? { tls } : {})
    if (address !== undefined) Object.defineProperty(far, 'remote', { value: { address, port: 5222 } })
    this.server.accept(far)
    const client = new Client(this, near)
    this.#clients.add(client)
    return client
  }

  /** A client that has bound `jid`; a bare one gets a resource of the server's choice. */
  async login(jid: string, password: string = PASSWORD): Promise<Client> {
    const client = this.connect()
    await client.open(jid)
    await client.authenticate(jid, password)
    await client.bind(jid)
    return client
  }

  /** Like {@link login}, with a stream that can be resumed. */
  async managed(jid: string): Promise<Client> {
    const client = await this.login(jid)
    await client.manage()
    return client
  }

  /** Like {@link login}, and available: its own presence has come back. */
  async available(jid: string): Promise<Client> {
    const client = await this.login(jid)
    client.send('<presence/>')
    await client.receives(`<presence from='${client.jid}'/>`)
    return client
  }

  /** Resolves when all that was sent so far has had its effect: every bound client has had two pings answered. */
  async quiet(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      for (const client of this.#clients) if (client.bound && !client.closed) await client.barrier()
    }
  }

  /** Puts a contact on the roster of an account, without a word to anybody. */
  async rosterItem(owner: string, contact: string, state: SubscriptionState): Promise<void> {
    const jid = BareJid.parse(owner)
    const host = this.server.hosts.get(jid.domain)!
    const turn = this.server.turn()
    host.services
      .get(rosters)
      .store(host.account(jid), BareJid.parse(contact), { ...stranger, state, listed: true }, turn)
    turn.release()
    await new Promise<void>(resolve => turn.whenDecided(resolve))
  }

  /** Both see each other's presence. */
  async befriend(a: string, b: string): Promise<void> {
    await this.rosterItem(a, b, 'both')
    await this.rosterItem(b, a, 'both')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop()
  }
}

/** A client of a fixture. It answers the server's own pings as clients do. */
export class Client extends Peer {
  readonly #fixture: Fixture
  /** The bound address. */
  jid = ''
  bound = false
  /** The stream features that were read last. */
  features: XmlElement | undefined
  /** Whether the server's pings are answered, default true; they are never shown to a test that says nothing about it. */
  answersPings = true
  #barriers = 0

  constructor(fixture: Fixture, transport: ConstructorParameters<typeof Peer>[0]) {
    super(transport)
    this.#fixture = fixture
    this.filter = element => this.#answersPing(element)
  }

  /** Opens a stream to the domain of `jid` and gives its features. */
  async open(jid: string): Promise<XmlElement> {
    const { domain } = BareJid.parse(jid.split('/', 1)[0]!)
    this.restart()
    this.send(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
    )
    this.features = await this.receives('<stream:features>{any}</stream:features>')
    return this.features
  }

  /** Logs in with SCRAM-SHA-256, and gives the features that follow. */
  async authenticate(jid: string, password: string = PASSWORD): Promise<XmlElement> {
    const { local } = BareJid.parse(jid.split('/', 1)[0]!)
    const mechanism = clientMechanism('SCRAM-SHA-256', {
      offered: this.#offered(),
      credentials: { username: local, password, scramCache: password === PASSWORD ? scramCache : {} },
      secure: false,
    })
    const ns = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
    const initial = (await mechanism.initial()) ?? new Uint8Array()
    this.send(`<auth ${ns} mechanism='SCRAM-SHA-256'>${encodeBase64(initial)}</auth>`)
    const challenge = await this.receives(`<challenge ${ns}>{any}</challenge>`)
    const response = await mechanism.challenge(decodeBase64Strict(textOf(challenge)))
    this.send(`<response ${ns}>${encodeBase64(response)}</response>`)
    const success = await this.receives(`<success ${ns}>{any}</success>`)
    await mechanism.success(decodeBase64Strict(textOf(success)))
    return this.open(jid)
  }

  /** Binds the resource of `jid`. */
  async bind(jid: string): Promise<void> {
    const ns = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
    const resource = jid.split('/')[1]
    const wanted = resource === undefined ? '' : `<resource>${resource}</resource>`
    this.send(`<iq type='set' id='bind'><bind ${ns}>${wanted}</bind></iq>`)
    const result = await this.receives(`<iq type='result' id='bind'><bind ${ns}><jid>{jid=any}</jid></bind></iq>`)
    this.jid = textOf(elementsOf(elementsOf(result)[0]!)[0]!)
    this.bound = true
  }

  /** Enables stream management (XEP-0198 §3, §5); `sm` captures what a resumption has to know. */
  async manage(): Promise<void> {
    this.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    await this.receives("<enabled xmlns='urn:xmpp:sm:3' id='{sm=any}' resume='true'/>")
  }

  /** Nothing has arrived, after everything that all clients sent has had its effect. */
  async receivesNothing(): Promise<void> {
    if (this.bound && !this.closed) await this.#fixture.quiet()
    if (this.unread.length > 0) throw new Error(`expected nothing, received: ${this.unread.join('\n')}`)
  }

  /** A request and its answer, whatever else comes in between; `xml` is an iq with an id. */
  async asks(xml: string, answer: string): Promise<XmlElement> {
    const [request] = readFragment(xml)
    const id = request?.attributes['id'] ?? ''
    this.send(xml)
    const found = await this.find(element => element.name === 'iq' && element.attributes['id'] === id, answer)
    const wrong = difference(readFragment(answer)[0]!, found, { captures: this.captures })
    if (wrong !== undefined) throw new Error(`${wrong}\nexpected: ${answer}\nreceived: ${show(found)}`)
    return found
  }

  /** Asks its own account for an answer, which passes the account's queue. */
  async barrier(): Promise<void> {
    const id = `barrier-${++this.#barriers}`
    this.send(`<iq type='get' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await this.find(element => element.name === 'iq' && element.attributes['id'] === id, 'the answer to a ping')
  }

  /** All of it: SCRAM tells the server what we saw (XEP-0474). */
  #offered(): string[] {
    const mechanisms = this.features && elementsOf(this.features).find(({ name }) => name === 'mechanisms')
    return mechanisms ? elementsOf(mechanisms).map(textOf) : []
  }

  #answersPing(element: XmlElement): boolean {
    const { type, id = '', from = '' } = element.attributes
    if (element.name !== 'iq' || type !== 'get' || !this.answersPings) return false
    // Only the server's own; a test that sends pings between clients sees them.
    if (from.includes('@') || elementsOf(element)[0]?.ns !== 'urn:xmpp:ping') return false
    this.send(`<iq type='result' id='${id}' to='${from}'/>`)
    return true
  }
}

/** Every server relies on what we acknowledge. */
const anotherServer: Origin = {
  streamId: 'afar',
  promised: true,
  gone: false,
  session: undefined,
}

/** The rest of the network: takes what is sent to other domains, and speaks for them. */
export class Afar {
  server: Server | undefined
  readonly #arrived: string[] = []

  /** The `Remote` of the server. */
  send(stanza: Parameters<typeof writeStanza>[0]): void {
    this.#arrived.push(writeStanza(stanza))
  }

  /** Somebody elsewhere sends this; both addresses are written in it. The turn tells what becomes of it. */
  sends(xml: string): Turn {
    return this.server!.receive(fromFragment(readStanza(xml)), anotherServer)
  }

  /** The next stanza for another domain is this one. Call `quiet()` first. */
  receives(xml: string): void {
    const text = this.#arrived.shift()
    if (text === undefined) throw new Error(`nothing was sent to other domains; expected ${xml}`)
    const wrong = difference(readFragment(xml)[0]!, readFragment(text)[0]!)
    if (wrong !== undefined) throw new Error(`${wrong}\nexpected: ${xml}\nreceived: ${text}`)
  }

  /** What was sent to other domains and nobody took. */
  get unread(): readonly string[] {
    return this.#arrived
  }
}
