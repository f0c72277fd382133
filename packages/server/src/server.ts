/** The server: hosts around one storage, one router, one timer wheel. It knows no socket and no file. */

import { BareJid, isFull, type Jid } from '@tercet/jid'
import { single, type Cluster } from '@tercet/cluster'
import { MemoryMeter, silent, type Logger, type Meter } from '@tercet/plugin'
import { decodeBase64Strict, encodeBase64 } from '@tercet/sasl'
import { StreamError, type StanzaError, type Stanza } from '@tercet/stanza'
import { createIdSource, type Storage } from '@tercet/storage'
import { FlushList, type Stream, TimerWheel, type TlsContext, type Transport } from '@tercet/stream'
import { Accounts } from './accounts.ts'
import { announceSessions } from './announce.ts'
import { C2s } from './c2s.ts'
import { forgetGuests } from './guests.ts'
import type { Files } from './files.ts'
import { Host } from './host.ts'
import { forgetHandled } from './handled.ts'
import { life } from './lifecycle.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { Bearer, ClientCertificates } from './login.ts'
import { loadModules, type Module } from './module.ts'
import { refuseUnknown } from './module-options.ts'
import { nowhere, type Remote } from './remote.ts'
import { Router } from './router.ts'
import { respond, type Visitor } from './routes.ts'
import type { Session } from './session.ts'
import { Turn, type Origin } from './turn.ts'
import type { WebPush } from './web-push.ts'

/** A domain to serve. */
export interface HostOptions {
  readonly name: string
  readonly modules: readonly Module[]
  /** Whether people may come without an account (SASL ANONYMOUS, XEP-0175), as far as the module `guests` lets them. Default false. */
  readonly anonymous?: boolean
  /** Who vouches for bearer tokens (SASL OAUTHBEARER, RFC 7628); default: nobody, and it is not offered. */
  readonly bearer?: Bearer
}

/** What a server is made of. */
export interface ServerOptions {
  readonly storage: Storage
  readonly hosts: readonly HostOptions[]
  /** For STARTTLS; undefined: not offered. */
  readonly tls?: TlsContext | undefined
  /** Whether clients must encrypt before they authenticate, default true. */
  readonly requireTls?: boolean
  /** Reads certificates of clients (SASL EXTERNAL, XEP-0178); default: none counts. They have to be asked for by `tls`. */
  readonly certificates?: ClientCertificates
  /** Rounds of PBKDF2 for new passwords, default 10,000. */
  readonly iterations?: number
  /** What is set for modules, by their names; each module checks its own. */
  readonly moduleOptions?: Readonly<Record<string, unknown>>
  readonly limits?: Partial<Limits>
  readonly framing?: 'scan' | 'sax'
  readonly logger?: Logger
  readonly meter?: Meter
  /** Where other nodes are; default: there are none. */
  readonly cluster?: Cluster
  /** Other domains; default: none. */
  readonly remote?: Remote
  /** Where uploaded files of a host are kept; default: nowhere, and nothing is uploaded. */
  readonly files?: (domain: string) => Files
  /** How apps are woken over the web; default: not, and none can register. */
  readonly webPush?: WebPush
}

/**
 * Makes a server over an opened storage.
 *
 * @throws {JidError} the name of a host is not a domain · {TypeError} modules that do not fit together ·
 *   {ModuleOptionsError} options that do not fit a module, or are for one that is not loaded
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  refuseUnknown(
    options.hosts.flatMap(({ modules }) => modules),
    options.moduleOptions ?? {},
  )
  const secrets = new Map<string, Uint8Array>()
  for (const { name } of options.hosts) {
    const domain = BareJid.parse(name).text
    secrets.set(domain, await hostSecret(options.storage, domain))
  }
  const server = new Server(options, secrets)
  for (const host of server.hosts.values()) {
    void forgetHandled(host).catch(host.bug)
    void forgetGuests(host).catch(host.bug)
  }
  return server
}

/** A random secret of a host, made at its first start. */
async function hostSecret(storage: Storage, domain: string): Promise<Uint8Array> {
  const table = storage.table<string>('secrets')
  const row = await table.get(domain, '', 'fake-salt')
  if (row) return decodeBase64Strict(row.value)
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const unit = storage.unit()
  table.put(unit, domain, '', 'fake-salt', encodeBase64(secret))
  await unit.commit()
  return secret
}

/** A running server. Transports are brought to it by `accept`. */
export class Server implements AsyncDisposable {
  readonly storage: Storage
  readonly hosts = new Map<string, Host>()
  readonly router = new Router(this)
  readonly flushList = new FlushList()
  readonly wheel: TimerWheel
  readonly logger: Logger
  readonly meter: Meter
  readonly limits: Limits
  readonly cluster: Cluster
  remote: Remote
  readonly files: ((domain: string) => Files) | undefined
  readonly webPush: WebPush | undefined
  /** Scheme and authority under which `respond` is reached for a host from outside; undefined: it is not. Set by who listens. */
  webAddress: (domain: string) => string | undefined = () => undefined
  /** Sessions that can be resumed, by SM-ID. */
  readonly resumable = new Map<string, Session>()
  /** A new archive id: unique for ever and growing. */
  readonly newId: () => string
  readonly c2s: C2s
  #openTurns = 0
  #quiet: (() => void) | undefined
  /** Open client streams. */
  readonly streams = new Set<Stream>()

  /** See {@link createServer}. */
  constructor(options: ServerOptions, secrets: ReadonlyMap<string, Uint8Array>) {
    this.storage = options.storage
    this.newId = createIdSource(Date.now, this.storage.newestMs)
    this.logger = options.logger ?? silent
    this.meter = options.meter ?? new MemoryMeter()
    this.cluster = options.cluster ?? single()
    this.remote = options.remote ?? nowhere
    this.files = options.files
    this.webPush = options.webPush
    this.limits = { ...defaultLimits, ...options.limits }
    this.wheel = new TimerWheel({ onError: error => this.logger.error({ err: error }, 'A timer failed') })
    for (const { name, modules, anonymous = false, bearer } of options.hosts) {
      const domain = BareJid.parse(name).text
      const accounts = new Accounts(this.storage, domain, options.iterations ?? 10_000)
      const host = new Host(this, domain, accounts, secrets.get(domain) ?? new Uint8Array(32), life, {
        anonymous,
        bearer,
        certificates: options.certificates,
      })
      this.hosts.set(host.domain, host)
      announceSessions(host, this.cluster.node, this.cluster.directory)
      loadModules(host, modules, options.moduleOptions)
    }
    this.c2s = new C2s(this, {
      tls: options.tls,
      requireTls: options.requireTls ?? true,
      framing: options.framing ?? 'scan',
    })
  }

  /** Serves a client's connection, from its stream header on. */
  accept(transport: Transport): void {
    this.c2s.accept(transport)
  }

  /** Answers an HTTP request by what modules have routed; 404: nobody has. Never rejects for what a peer sent. */
  respond(request: Request, visitor: Visitor): Promise<Response> {
    return respond(this.hosts, request, visitor)
  }

  /** A turn for a stanza of `origin`, or for work of the server's own. Its maker releases it. */
  turn(origin?: Origin): Turn {
    this.#openTurns++
    return new Turn(this, origin)
  }

  /** Takes a stanza of another server, whose addresses are set and checked; the turn tells when it is settled, durable or refused. */
  receive(stanza: Stanza, origin: Origin): Turn {
    const turn = this.turn(origin)
    this.router.send(stanza, turn)
    turn.release()
    return turn
  }

  /** Tells the sender of `stanza` that it could not be delivered; the turn tells when that is done. */
  refuse(stanza: Stanza, error: StanzaError): Turn {
    const turn = this.turn()
    this.router.refuse(stanza, error, turn)
    turn.release()
    return turn
  }

  /** Runs work of the server's own as a turn. */
  work(run: (turn: Turn) => void | Promise<void>): void | Promise<void> {
    const turn = this.turn()
    const pending = run(turn)
    if (pending) return pending.finally(() => turn.release())
    turn.release()
  }

  /** A turn is decided. */
  turnOver(): void {
    if (--this.#openTurns === 0) this.#quiet?.()
  }

  /** The session that is bound to `jid`, on whichever host here; undefined for a bare or a foreign address too. */
  session(jid: Jid): Session | undefined {
    return isFull(jid) ? this.hosts.get(jid.domain)?.session(jid) : undefined
  }

  /** Sessions of all hosts, also those that wait to be resumed. */
  *sessions(): Iterable<Session> {
    for (const host of this.hosts.values()) for (const account of host.active) yield* account.sessions
  }

  /** Tells all peers `<system-shutdown/>`, stores what is in flight, and resolves when that is on disk. The storage stays open. */
  async stop(): Promise<void> {
    for (const stream of this.streams) stream.fail(new StreamError('system-shutdown'))
    await this.c2s.closed()
    await Promise.all([...this.sessions()].map(session => life.end(session)))
    if (this.#openTurns > 0) await new Promise<void>(resolve => (this.#quiet = resolve))
    for (const host of this.hosts.values()) await host.scope[Symbol.asyncDispose]()
    this.wheel[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
