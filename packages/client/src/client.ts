/** What a client is to its application and to its plugins. */

import type { BareJid, Jid } from '@tercet/jid'
import type { Handler, Logger, Point } from '@tercet/plugin'
import type { ClientCredentials } from '@tercet/sasl'
import type { Codec, Query, Stanza } from '@tercet/stanza'
import type { Installation } from '@tercet/stream'
import type { Element } from '@tercet/xml'
import type { Connect } from './connect.ts'
import type { RequestHandler } from './handlers.ts'
import type { Plugins } from './plugin.ts'
import type { ReconnectPolicy } from './reconnect.ts'
import type { State } from './state.ts'

/** Something that can be given up. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined
}

/** Where a request goes. */
export interface RequestOptions extends Abortable {
  /** Default: our own account, which our server answers for. */
  readonly to?: Jid | string | undefined
}

/** A client: one account, one session at a time, kept up over lost connections until it is closed. */
export interface Client extends AsyncDisposable {
  /** The account's address, as the server has bound it. The session's own is in {@link Client.state}. */
  readonly account: BareJid
  readonly state: State
  /** Name of the mechanism that logged in last. Keep it, and give it as `pin` next time. */
  readonly pin: string | undefined
  readonly logger: Logger
  /** Features that are announced, sorted. */
  readonly features: readonly string[]

  /**
   * Sends a stanza; a message without an id gets one. Resolves when the server has it (XEP-0198), or when it is written where the
   * server has no stream management. It may be left unawaited.
   *
   * @throws {ClientError} `disconnected`: there is no session · `not-acknowledged`: the session ended first · `closed`
   *   · {StreamError} `resource-constraint`: too much is unacknowledged
   */
  send(stanza: Stanza, options?: Abortable): Promise<void>
  /**
   * Asks, and gives the answer. It is taken from nobody but whom was asked.
   *
   * @throws {StanzaError} the peer refuses · {DecodeError} its answer is malformed · {ClientError} as `send`; also when the session
   *   ends before the answer · the signal's reason
   */
  request<Req, Res>(query: Query<Req, Res>, value: NoInfer<Req>, options?: RequestOptions): Promise<Res>
  /**
   * Answers requests of others and announces the feature: the namespace of the query, or none.
   *
   * @throws {TypeError} somebody handles them already
   */
  handle<Req, Res>(
    query: Query<Req, Res>,
    run: RequestHandler<NoInfer<Req>, NoInfer<Res>>,
    options?: { readonly feature?: string | false },
  ): Disposable
  /** Adds a handler to a phase of a point. */
  on<E, P extends string>(point: Point<E, P>, phase: NoInfer<P>, run: Handler<NoInfer<E>>): Disposable
  /** Runs what plugins and the application have registered at a point of a plugin's own. Errors are logged. */
  tell<E, P extends string>(point: Point<E, P>, event: NoInfer<E>): void
  /** Adds a feature to what is announced. */
  announce(feature: string): Disposable
  /** What the server offers to this session beside stanzas. */
  streamFeature<T>(codec: Codec<T>): T | undefined
  /** Sends what is no stanza, in order with stanzas, for an extension that was negotiated. It is not acknowledged, and lost where there is no stream. */
  nonza(element: Element): void
  /** Ends the session in order, after the server has confirmed what was sent, or 5 seconds. Never rejects. */
  close(): Promise<void>
}

/** What a client is made of. */
export interface ClientOptions<P extends Plugins> {
  /** The account; its resource, if any, is asked for. */
  readonly jid: Jid | string
  readonly password?: string
  /** Other ways to log in; `username` is the local part of `jid` unless it is given. */
  readonly credentials?: ClientCredentials
  /** Their keys are properties of the client. */
  readonly plugins?: P & { readonly [K in keyof Client]?: never }
  /** How to connect. Default: a WebSocket that the domain names (XEP-0156); in `@tercet/client/node` TCP. */
  readonly connect?: Connect
  /** The resource to ask for. Default: that of `jid`, or the server's choice. */
  readonly resource?: string
  /** The mechanism that this account used before: none that shows more to the server is used any more. */
  readonly pin?: string
  /**
   * Which of the account's clients this is, told to its own server, and where it keeps a token that spares it the password next time
   * (XEP-0388, XEP-0484). Default: it does not say, and always logs in by its credentials.
   */
  readonly installation?: Installation
  /** Give up rather than log in without channel binding. Default false. */
  readonly requireBinding?: boolean
  /** Go on without encryption where there is none; for tests. Default false. */
  readonly allowPlaintext?: boolean
  /** Default: {@link backoff}. */
  readonly reconnect?: ReconnectPolicy
  /**
   * What becomes of messages and subscriptions whose session ended before the server confirmed them: `resend` on the next session
   * with the time at which they were sent (the default; one may arrive twice), or `reject` their `send`. Other stanzas are rejected.
   */
  readonly unacknowledged?: 'resend' | 'reject'
  /** `xml:lang` of the stream, default `en`. */
  readonly lang?: string
  readonly logger?: Logger
  /** Bound of connecting and negotiating, default 30,000. */
  readonly connectMs?: number
  /** Silence after which the server is asked for a sign of life, default 60,000. */
  readonly quietMs?: number
  /** How long it may take to answer, default 20,000. */
  readonly answerMs?: number
  /** Bound of one stanza that the server sends, default 4 Mi. */
  readonly maxStanzaBytes?: number
  /** Gives up making the client; it has no effect after that. */
  readonly signal?: AbortSignal
}
