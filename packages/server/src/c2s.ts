/** Clients: negotiates their streams (RFC 6120 §4.3) with what each host allows. */

import { BareJid, type FullJid } from '@tercet/jid'
import { SCRAM_HASHES, type Credentials } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import {
  bind,
  limits,
  receive,
  sasl,
  sm,
  starttls,
  Stream,
  tlsRequired,
  type BindHost,
  type Bound,
  type LimitsHost,
  type Negotiation,
  type NotResumed,
  type ReceiverFeature,
  type Resumed,
  type ResumeHost,
  type SaslHost,
  type StreamSurroundings,
  type Timed,
  type TlsContext,
  type TlsHost,
  type Transport,
} from '@tercet/stream'
import type { Fragment } from '@tercet/xml'
import { hostCredentials, LoginGuard } from './credentials.ts'
import type { Host } from './host.ts'
import { bindSession, resumeSession } from './lifecycle.ts'
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
const features: readonly ReceiverFeature<C2sHost>[] = [starttls, sasl, tlsRequired, sm, bind, limits, ofModules]

/** Accepts the streams of clients. */
export class C2s {
  readonly #server: Server
  readonly #options: C2sOptions
  readonly #hosts = new Map<string, C2sHost>()
  readonly #around: StreamSurroundings
  #empty: (() => void)[] = []

  constructor(server: Server, options: C2sOptions) {
    this.#server = server
    this.#options = options
    this.#around = {
      flushList: server.flushList,
      wheel: server.wheel,
      maxUnwritten: server.limits.unwrittenCharacters,
      closeMs: 5000,
      gone: stream => this.#gone(stream),
    }
    for (const host of server.hosts.values()) this.#hosts.set(host.domain, new C2sHost(host, options))
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
      host: to => this.#hosts.get(prepareDomain(to)),
      features,
      newId: () => newToken(),
      lang: 'en',
      failed: (error, stream) => server.logger.error({ err: error, stream: stream.id }, 'Negotiation failed'),
    }).finally(() => server.wheel.remove(deadline))
  }

  /** Resolves when no client stream is open. */
  closed(): Promise<void> {
    if (this.#server.streams.size === 0) return Promise.resolve()
    return new Promise(resolve => this.#empty.push(resolve))
  }

  #gone(stream: Stream): void {
    this.#server.streams.delete(stream)
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

function prepareDomain(to: string): string {
  try {
    return BareJid.parse(to).text
  } catch {
    return ''
  }
}

/** A host as negotiation sees it. */
class C2sHost implements TlsHost, SaslHost, BindHost, ResumeHost, LimitsHost {
  readonly host: Host
  readonly domain: string
  readonly tls: TlsContext | undefined
  readonly requireTls: boolean
  readonly mechanisms = { hashes: SCRAM_HASHES, plain: true }
  readonly maxFailures: number
  readonly maxStanzaBytes: number
  readonly idleSeconds: number
  readonly #credentials: Credentials
  readonly #guard: LoginGuard

  constructor(host: Host, options: C2sOptions) {
    this.host = host
    this.domain = host.domain
    this.tls = options.tls
    this.requireTls = options.requireTls
    this.maxFailures = host.limits.loginFailures
    this.maxStanzaBytes = host.limits.stanzaBytes
    this.idleSeconds = Math.ceil((host.limits.idleMs + host.limits.answerMs) / 1000)
    this.#credentials = hostCredentials(host)
    this.#guard = new LoginGuard(host)
  }

  credentials(): Credentials {
    return this.#credentials
  }

  identity(username: string): BareJid | undefined {
    try {
      return BareJid.of(username, this.domain)
    } catch {
      return undefined
    }
  }

  admit({ stream }: Negotiation<SaslHost>): boolean {
    return this.#guard.admits(stream.transport.remote.address)
  }

  refused({ stream }: Negotiation<SaslHost>, mechanism: string): void | Promise<void> {
    const { address } = stream.transport.remote
    this.host.logger.info({ stream: stream.id, address, mechanism }, 'Login refused')
    return this.#guard.failed(address)
  }

  bind({ stream, lang }: Negotiation<BindHost>, account: BareJid, wanted: FullJid | undefined): Promise<Bound> {
    return bindSession(this.host, account, wanted, stream, lang)
  }

  resume(
    { stream }: Negotiation<ResumeHost>,
    account: BareJid,
    previd: string,
    h: number,
  ): Promise<Resumed | NotResumed> {
    return resumeSession(this.host, account, previd, h, stream)
  }
}
