/** A served domain: its modules, its accounts, and what happens to a stanza that comes from one or reaches one. */

import { BareJid, type FullJid, type Jid } from '@tercet/jid'
import { Hooks, Scope, Services, type Chain, type Handler, type Logger, type Point } from '@tercet/plugin'
import {
  fromFragment,
  presence,
  StanzaError,
  StreamError,
  type PresenceType,
  type Query,
  type Stanza,
} from '@tercet/stanza'
import type { Table } from '@tercet/storage'
import type { ReceiverFeature, TlsHost } from '@tercet/stream'
import { readStanza, type Fragment } from '@tercet/xml'
import { Account } from './account.ts'
import type { Accounts } from './accounts.ts'
import type { Clients } from './clients.ts'
import type { Guests } from './guests.ts'
import type { InlineFeature } from './inline.ts'
import { IqHandlers, type IqHandler, type Target } from './iq.ts'
import type { Limits } from './limits.ts'
import type { Login } from './login.ts'
import {
  departing,
  inbound,
  outbound,
  type DepartingEvent,
  type InboundEvent,
  type OutboundEvent,
  type StanzaOf,
} from './points.ts'
import { refuseProbe } from './probe.ts'
import { answer } from './request.ts'
import { Routes, type RouteHandler, type RouteOptions } from './routes.ts'
import type { Server } from './server.ts'
import type { Session, SessionLife } from './session.ts'
import type { Turn } from './turn.ts'

/** Takes a nonza of one namespace from a bound session. */
export type NonzaHandler = (session: Session, element: Fragment) => void | Promise<void>

/** The chains of a point that stanzas pass. */
type Chains<E> = { readonly [K in keyof StanzaOf]: Chain<E> }

const NO_TARGETS: readonly Session[] = []

/** One served domain. */
export class Host {
  readonly server: Server
  /** Prepared text. */
  readonly domain: string
  readonly jid: BareJid
  readonly limits: Limits
  readonly accounts: Accounts
  /** Makes up salts for users who do not exist; the same over restarts. */
  readonly fakeSaltSecret: Uint8Array
  readonly logger: Logger
  /** How one may log in here beside by a password. */
  readonly login: Login
  /** Installations of clients, and their tokens; undefined: none are remembered. */
  clients: Clients | undefined
  /** Those who came without an account; undefined: nobody may. */
  guests: Guests | undefined
  /** What happens at the turns of a session's life. */
  readonly life: SessionLife
  readonly scope = new Scope()
  readonly services = new Services()
  readonly iqs = new IqHandlers()
  readonly #accounts = new Map<string, Account>()
  readonly #hooks = new Hooks()
  readonly #outbound: Chains<OutboundEvent>
  readonly #inbound: Chains<InboundEvent>
  readonly #departing: Chain<DepartingEvent>
  readonly #nonzas = new Map<string, NonzaHandler>()
  /** Disco features and identities by the scope that added them; see the disco module. */
  readonly features = new Set<string>()
  readonly accountFeatures = new Set<string>()
  /** Wire text of what modules add to stream features. */
  streamFeatures = ''
  /** What clients may ask for while they bind. */
  readonly inlineFeatures: InlineFeature[] = []
  /** Features of streams that modules negotiate themselves, also before authentication. */
  readonly receiverFeatures: ReceiverFeature<TlsHost>[] = []
  /** What is answered over HTTP; see {@link Host.route}. */
  readonly routes = new Routes()

  constructor(
    server: Server,
    domain: string,
    accounts: Accounts,
    fakeSaltSecret: Uint8Array,
    life: SessionLife,
    login: Login,
  ) {
    this.server = server
    this.login = login
    this.life = life
    this.jid = BareJid.parse(domain)
    this.domain = this.jid.text
    this.accounts = accounts
    this.fakeSaltSecret = fakeSaltSecret
    this.limits = server.limits
    this.logger = server.logger.child({ host: this.domain })
    this.#outbound = chainsOf(this.#hooks, outbound)
    this.#inbound = chainsOf(this.#hooks, inbound)
    this.#departing = this.#hooks.chain(departing)
  }

  // What modules use

  /** Adds a handler to a phase of a point, until the host is closed. */
  on<E, P extends string>(point: Point<E, P>, phase: NoInfer<P>, run: Handler<NoInfer<E>>): void {
    this.scope.add(this.#hooks.on(point, phase, run))
  }

  /** Like {@link on}, for stanzas of one kind: others do not pass by. */
  onKind<K extends keyof StanzaOf, E extends { stanza: Stanza }, P extends string>(
    kind: K,
    point: Point<E, P>,
    phase: NoInfer<P>,
    run: Handler<NoInfer<E> & { stanza: StanzaOf[K] }>,
  ): void {
    // The chain of a kind gets no other events.
    this.scope.add(this.#hooks.on(point, phase, run as Handler<E>, kind))
  }

  /** Answers a kind of request; there is one handler for each. */
  handle<Req, Res>(query: Query<Req, Res>, target: Target, run: IqHandler<Req, NoInfer<Res>>): void {
    this.scope.add(this.iqs.add(query, target, run))
  }

  /** Forbids a kind of request to the accounts of others, whether they exist or not. */
  forbid<Req, Res>(query: Query<Req, Res>): void {
    this.scope.add(this.iqs.forbid(query))
  }

  /**
   * Takes the nonzas of a namespace from bound sessions.
   *
   * @throws {TypeError} another module does already
   */
  handleNonza(ns: string, run: NonzaHandler): void {
    if (this.#nonzas.has(ns)) throw new TypeError(`Two modules take nonzas of ${ns}`)
    this.#nonzas.set(ns, run)
    this.scope.add(() => this.#nonzas.delete(ns))
  }

  /**
   * Answers HTTP requests to a path of this host, if whoever runs the server listens for any.
   *
   * @param path such as `/files/:slot`; `:name` takes one part
   * @throws {TypeError} there is a route already
   */
  route(method: string, path: string, run: RouteHandler, options?: RouteOptions): void {
    this.scope.add(this.routes.add(method, path, run, options))
  }

  /** Advertises a feature of the host, or of its accounts (XEP-0030 §3). */
  feature(ns: string, of: 'server' | 'account' = 'server'): void {
    ;(of === 'server' ? this.features : this.accountFeatures).add(ns)
  }

  /** Advertises a feature of authenticated streams (RFC 6120 §4.3.2), as wire text. */
  streamFeature(text: string): void {
    this.streamFeatures += text
  }

  /**
   * Lets clients ask for a feature while they bind (Bind 2, XEP-0386 §3.2), or adds to what they are told then:
   * `host.inlineFeature({ ns: NS, bound: (session, request) => { if (request) session.set(wanted, true) } })`.
   */
  inlineFeature(feature: InlineFeature): void {
    this.inlineFeatures.push(feature)
  }

  /** Opens a table of this module's own. */
  table<T>(name: string): Table<T> {
    return this.server.storage.table<T>(name)
  }

  /** Routes a stanza of ours; both addresses are set. It leaves after the one that is under way. */
  send(stanza: Stanza, turn: Turn): void {
    this.server.router.send(stanza, turn)
  }

  /** Routes a presence of the server's making. */
  sendPresence(type: PresenceType, from: Jid, to: Jid, turn: Turn): void {
    this.send(presence({ type, from, to }), turn)
  }

  /** Runs the handlers of a point that only tells. What they throw is logged. */
  tell<E, P extends string>(point: Point<E, P>, event: E): void | Promise<void> {
    try {
      const pending = this.#hooks.chain(point).run(event)
      if (pending instanceof Promise) return pending.then(() => undefined, this.bug)
    } catch (error) {
      this.bug(error)
    }
  }

  /** Logs what should not have happened. */
  readonly bug = (error: unknown): void => {
    this.logger.error({ err: error }, 'A handler failed')
  }

  // Accounts and sessions

  /** The account of a bare address of this host, whether it exists or not. */
  account(jid: BareJid): Account {
    let account = this.#accounts.get(jid.text)
    if (!account) this.#accounts.set(jid.text, (account = new Account(this, jid)))
    return account
  }

  /** Accounts in memory. */
  get active(): Iterable<Account> {
    return this.#accounts.values()
  }

  /** Lets go of an account that nothing keeps in memory. */
  retire(account: Account): void {
    if (account.idle) this.#accounts.delete(account.jid.text)
  }

  /** The sessions of an account; none where it is not in memory. */
  sessions(jid: BareJid): readonly Session[] {
    return this.#accounts.get(jid.text)?.sessions ?? NO_TARGETS
  }

  /** The session that is bound to `jid`. */
  session(jid: FullJid): Session | undefined {
    const sessions = this.#accounts.get(jid.bare.text)?.sessions
    if (sessions) for (const session of sessions) if (session.jid.resource === jid.resource) return session
    return undefined
  }

  // What happens to stanzas

  /** A session sent a stanza, stamped with its address. */
  outbound(session: Session, stanza: Stanza, turn: Turn): void | Promise<void> {
    const event: OutboundEvent = { session, turn, stanza, id: undefined }
    const verdict = this.#outbound[stanza.kind].run(event)
    if (verdict instanceof Promise) {
      return verdict.then(verdict => {
        if (verdict === undefined) this.#depart(event)
      })
    }
    if (verdict === undefined) this.#depart(event)
  }

  #depart({ session, stanza, turn }: OutboundEvent): void {
    if (stanza.to) return this.send(stanza, turn)
    // RFC 6120 §10.3: without an address, a message and an iq are for the sender's own account; presence was handled.
    if (stanza.kind !== 'presence') this.send(stanza.with({ to: session.account.jid }), turn)
  }

  /** A stanza for an account of this host; runs in the account's queue. */
  deliver(account: Account, stanza: Stanza, turn: Turn): void | Promise<void> {
    if (account.sessions.length === 0) {
      const known = this.accounts.exists(account.jid.local)
      if (known instanceof Promise) return known.then(known => this.#deliverIf(known, account, stanza, turn))
      return this.#deliverIf(known, account, stanza, turn)
    }
    return this.#inboundRun(account, stanza, turn)
  }

  #deliverIf(known: boolean, account: Account, stanza: Stanza, turn: Turn): void | Promise<void> {
    if (known) return this.#inboundRun(account, stanza, turn)
    // RFC 6121 §8.5.1: what a stranger sees does not tell whether the account exists, so it is what an absent account gives.
    switch (stanza.kind) {
      case 'iq':
        if (stanza.type === 'get' || stanza.type === 'set')
          throw new StanzaError(
            stanza.to?.resource === '' && this.iqs.forbids(stanza) ? 'forbidden' : 'service-unavailable',
          )
        return
      case 'message':
        if (stanza.type === 'groupchat' || (stanza.type === 'normal' && stanza.to?.resource !== ''))
          throw new StanzaError('service-unavailable')
        return
      case 'presence':
        if (stanza.type === 'probe' && stanza.from) refuseProbe(this, account.jid, stanza.from, turn)
    }
  }

  #inboundRun(account: Account, stanza: Stanza, turn: Turn): void | Promise<void> {
    const event: InboundEvent = { account, turn, stanza, targets: NO_TARGETS, id: undefined }
    const verdict = this.#inbound[stanza.kind].run(event)
    if (verdict instanceof Promise)
      return verdict.then(verdict => (verdict === undefined ? this.#answer(event) : undefined))
    if (verdict === undefined) return this.#answer(event)
  }

  #answer({ account, stanza, turn }: InboundEvent): void | Promise<void> {
    if (stanza.kind !== 'iq') return
    const own = stanza.from?.bare.text === account.jid.text
    return answer(this, own ? 'self' : 'account', stanza, account, turn)
  }

  /** A stanza for the domain itself. */
  receive(stanza: Stanza, turn: Turn): void | Promise<void> {
    if (stanza.kind === 'iq') {
      if (stanza.to?.resource !== '') throw new StanzaError('service-unavailable')
      return answer(this, 'server', stanza, undefined, turn)
    }
    if (stanza.kind === 'message' && stanza.type !== 'error') throw new StanzaError('service-unavailable')
  }

  /** The key under which a stanza for a session that holds back waits; undefined: it leaves. See {@link departing}. */
  departs(session: Session, text: string): string | undefined {
    try {
      const event: DepartingEvent = { session, stanza: fromFragment(readStanza(text)), key: undefined }
      void this.#departing.run(event)
      return event.key
    } catch (error) {
      // Better early than never.
      this.bug(error)
      return undefined
    }
  }

  /** A nonza of a bound session (RFC 6120 §4.9.3.24: what nobody takes ends the stream). */
  nonza(session: Session, element: Fragment): void | Promise<void> {
    const run = this.#nonzas.get(element.ns)
    if (!run) throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
    return run(session, element)
  }
}

function chainsOf<E, P extends string>(hooks: Hooks, point: Point<E, P>): Chains<E> {
  return {
    message: hooks.chain(point, 'message'),
    presence: hooks.chain(point, 'presence'),
    iq: hooks.chain(point, 'iq'),
  }
}
