/** Clients: negotiates their streams (RFC 6120 §4.3) with what each host allows. */

import { asDomain, BareJid, type FullJid } from '@tercet/jid'
import {
  offeredFastMechanisms,
  SCRAM_HASHES,
  type ChannelBinding,
  type Credentials,
  type ScramHash,
} from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import {
  bind,
  limits,
  receive,
  sasl,
  sasl2,
  sm,
  starttls,
  Stream,
  tlsRequired,
  type BindHost,
  type Bound,
  type Granted,
  type LimitsHost,
  type Negotiation,
  type NotResumed,
  type ReceiverFeature,
  type Resumed,
  type ResumeHost,
  type Sasl2Host,
  type Sasl2Login,
  type SaslHost,
  type StreamHandler,
  type StreamSurroundings,
  type Task,
  type Timed,
  type TlsContext,
  type TlsHost,
  type Transport,
} from '@tercet/stream'
import type { Fragment } from '@tercet/xml'
import { clientOf } from './clients.ts'
import { hostCredentials, streamCredentials } from './credentials.ts'
import type { Host } from './host.ts'
import { completeLogin, inlineOffer } from './inline-login.ts'
import { bindSession, resumeSession } from './lifecycle.ts'
import { LoginGuard } from './login-guard.ts'
import { offeredUpgrades, wantedUpgrades } from './upgrade.ts'
import type { Server } from './server.ts'
import { Session } from './session.ts'
import { newToken } from './token.ts'

/** What holds for the client streams of all hosts. */
export interface C2sOptions {
  readonly tls: TlsContext | undefined
  readonly requireTls: boolean
  readonly framing: 'scan' | 'sax'
}

/** What modules advertise to authenticated streams, and what they negotiate themselves. */
const ofModules: ReceiverFeature<C2sHost> = {
  name: 'modules',
  advertise(negotiation) {
    const { account, host } = negotiation
    let text = account ? host.host.streamFeatures : ''
    for (const feature of host.host.receiverFeatures) text += feature.advertise(negotiation) ?? ''
    return text
  },
  accepts: (element, negotiation) => takerOf(element, negotiation) !== undefined,
  negotiate: (negotiation, element) => takerOf(element, negotiation)?.negotiate(negotiation, element) ?? 'continue',
}

function takerOf(element: Fragment, negotiation: Negotiation<C2sHost>): ReceiverFeature<TlsHost> | undefined {
  return negotiation.host.host.receiverFeatures.find(feature => feature.accepts(element, negotiation))
}

/** The feature list; its order is the policy. */
const features: readonly ReceiverFeature<C2sHost>[] = [starttls, sasl2, sasl, tlsRequired, sm, bind, limits, ofModules]

/** Accepts the streams of clients. */
export class C2s {
  readonly #server: Server
  readonly #options: C2sOptions
  readonly #hosts = new Map<string, C2sHost>()
  readonly #around: StreamSurroundings
  readonly #guard: LoginGuard
  #empty: (() => void)[] = []

  constructor(server: Server, options: C2sOptions) {
    this.#server = server
    this.#options = options
    this.#around = {
      flushList: server.flushList,
      wheel: server.wheel,
      maxUnwritten: server.limits.unwrittenCharacters,
      maxUnread: server.limits.unwrittenCharacters / 8,
      closeMs: 5000,
      gone: stream => this.#gone(stream),
    }
    this.#guard = new LoginGuard(server.wheel)
    for (const host of server.hosts.values()) this.#hosts.set(host.domain, new C2sHost(host, options, this.#guard))
  }

  accept(transport: Transport): void {
    const server = this.#server
    const { limits } = server
    const stream = new Stream(transport, noHandler, this.#around, {
      reader: { framing: this.#options.framing, limits: { maxBytes: limits.stanzaBytes, maxDepth: limits.depth } },
    })
    server.streams.add(stream)
    // One object for as long as the login takes.
    const deadline: Timed = {
      due() {
        stream.fail(new StreamError('connection-timeout', { text: 'Logging in took too long' }))
        return 0
      },
    }
    server.wheel.add(deadline, server.wheel.now + limits.loginMs)
    void receive(stream, {
      host: to => this.#hosts.get(asDomain(to) ?? ''),
      features,
      newId: () => newToken(),
      lang: 'en',
      failed: (error, stream) => server.logger.error({ err: error, stream: stream.id }, 'Negotiation failed'),
    }).finally(() => {
      server.wheel.remove(deadline)
      this.#guard.over(stream)
    })
  }

  /** Resolves when no client stream is open. */
  closed(): Promise<void> {
    if (this.#server.streams.size === 0) return Promise.resolve()
    return new Promise(resolve => this.#empty.push(resolve))
  }

  #gone(stream: Stream): void {
    this.#server.streams.delete(stream)
    for (const host of this.#server.hosts.values()) host.guests?.gone(stream)
    const jid = stream.handler instanceof Session ? stream.handler.jid.text : undefined
    // How many first-level elements either XML reader took: clients that are handed over often cost more than others.
    this.#server.logger.debug({ stream: stream.id, jid, ...stream.readers }, 'Stream closed')
    if (this.#server.streams.size > 0) return
    for (const resolve of this.#empty.splice(0)) resolve()
  }
}

const noHandler = {
  event: () => undefined,
  closed: () => undefined,
  failed: () => undefined,
}

/** The localpart of an address of `domain`; undefined: it is none. */
function localIn(address: string, domain: string): string | undefined {
  try {
    const jid = BareJid.parse(address)
    return jid.local !== '' && jid.domain === domain ? jid.local : undefined
  } catch {
    return undefined
  }
}

/** A host as negotiation sees it. */
class C2sHost implements TlsHost, Sasl2Host, BindHost, ResumeHost, LimitsHost {
  readonly host: Host
  readonly domain: string
  readonly tls: TlsContext | undefined
  readonly requireTls: boolean
  readonly mechanisms = { hashes: SCRAM_HASHES, plain: true }
  readonly oauth: SaslHost['oauth']
  readonly tokens: Sasl2Host['tokens']
  readonly maxFailures: number
  readonly maxStanzaBytes: number
  readonly idleSeconds: number
  readonly #credentials: Credentials
  readonly #guard: LoginGuard
  /** Hashes that the account of a stream's `from` has no keys of, where there are any. */
  readonly #missing = new WeakMap<Stream, readonly ScramHash[]>()
  /** Installations that streams are of, by their UUIDs. */
  readonly #clients = new WeakMap<Stream, string>()

  constructor(host: Host, options: C2sOptions, guard: LoginGuard) {
    this.host = host
    this.domain = host.domain
    this.tls = options.tls
    this.requireTls = options.requireTls
    this.oauth = host.login.bearer?.refusal
    const { clients } = host
    this.tokens = clients && ((clientId, username, mechanism) => clients.tokens(clientId, username, mechanism))
    this.maxFailures = host.limits.loginFailures
    this.maxStanzaBytes = host.limits.stanzaBytes
    this.idleSeconds = Math.ceil((host.limits.idleMs + host.limits.answerMs) / 1000)
    this.#credentials = hostCredentials(host)
    this.#guard = guard
  }

  credentials({ stream }: Negotiation<SaslHost>): Credentials {
    return this.#guard.watch(stream, this.domain, streamCredentials(this.host, this.#credentials, stream))
  }

  identity(username: string): BareJid | undefined {
    try {
      return BareJid.of(username, this.domain)
    } catch {
      return undefined
    }
  }

  refused({ stream }: Negotiation<SaslHost>, mechanism: string): void | Promise<void> {
    const { address } = stream.transport.remote
    this.host.logger.info({ stream: stream.id, address, mechanism }, 'Login refused')
    return this.#guard.failed(stream)
  }

  troubled({ stream }: Negotiation<SaslHost>, mechanism: string, cause: unknown): void {
    this.host.logger.error({ err: cause, stream: stream.id, mechanism }, 'A login could not be checked')
  }

  // Extensible SASL

  async prepare(negotiation: Negotiation<SaslHost>): Promise<void> {
    const missing = await this.#missingOf(negotiation.from)
    if (missing.length > 0) this.#missing.set(negotiation.stream, missing)
    else this.#missing.delete(negotiation.stream)
  }

  hashes({ stream }: Negotiation<SaslHost>): readonly ScramHash[] {
    const missing = this.#missing.get(stream)
    return missing ? SCRAM_HASHES.filter(hash => !missing.includes(hash)) : SCRAM_HASHES
  }

  beside({ stream }: Negotiation<Sasl2Host>, { bindings }: { readonly bindings: readonly ChannelBinding[] }): string {
    const fast = this.tokens ? offeredFastMechanisms({ secure: true, channelBindings: bindings }) : []
    return `<inline>${inlineOffer(this.host, fast)}</inline>${offeredUpgrades(this.#missing.get(stream) ?? [])}`
  }

  tasks({ stream }: Negotiation<Sasl2Host>, login: Sasl2Login): Task[] {
    return wantedUpgrades(this.host, login, this.#missing.get(stream) ?? [])
  }

  complete(
    negotiation: Negotiation<Sasl2Host>,
    login: Sasl2Login,
    grant: (granted: Granted) => void,
  ): Promise<StreamHandler | undefined> {
    const { stream, lang } = negotiation
    this.#guard.succeeded(stream)
    if (login.userAgent?.id !== undefined) this.#clients.set(stream, login.userAgent.id)
    const bound = (session: Session): void => {
      negotiation.bound = true
      negotiation.managed = session.received !== undefined
    }
    return completeLogin(this.host, login, { stream, lang, grant, bound })
  }

  /** Hashes that the account of a `from` has no keys of; none for an account that is not there, which nobody is to tell from one that is. */
  async #missingOf(from: string | undefined): Promise<readonly ScramHash[]> {
    const local = from === undefined ? undefined : localIn(from, this.domain)
    const facts = local === undefined ? undefined : await this.host.accounts.facts(local)
    return facts ? SCRAM_HASHES.filter(hash => !facts.hashes.includes(hash)) : []
  }

  bind({ stream, lang }: Negotiation<BindHost>, account: BareJid, wanted: FullJid | undefined): Promise<Bound> {
    this.#guard.succeeded(stream)
    const client = this.#clients.get(stream)
    return bindSession(this.host, account, {
      wanted,
      stream,
      lang,
      bound: session => (client === undefined ? undefined : session.set(clientOf, client)),
    })
  }

  resume(
    { stream }: Negotiation<ResumeHost>,
    account: BareJid,
    previd: string,
    h: number,
  ): Promise<Resumed | NotResumed> {
    this.#guard.succeeded(stream)
    return resumeSession(this.host, account, { previd, h, stream })
  }
}
