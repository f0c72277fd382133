/** The initiating side of a stream (RFC 6120 §4.3): opens it and negotiates in straight lines until a session is bound or resumed. */

import type { FullJid } from '@tercet/jid'
import type { SelectOptions } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import { STREAMS, type Content, type Fragment } from '@tercet/xml'
import { bindResource } from './features/initiator-bind.ts'
import { authenticate } from './features/initiator-sasl.ts'
import { pipeline, remember } from './features/initiator-pipelining.ts'
import { authenticateExtensibly, extensibleOffer, type Begun } from './features/initiator-sasl2.ts'
import { enableManagement, resumeManagement, type Managed } from './features/initiator-sm.ts'
import { encrypt } from './features/initiator-starttls.ts'
import { parseVersion } from './header.ts'
import type { Initiation } from './initiation.ts'
import type { Installation } from './installation.ts'
import type { OfferMemory } from './offer-memory.ts'
import { Pull } from './pull.ts'
import type { Stream, StreamHandler } from './stream.ts'
import type { TlsContext } from './transport.ts'

/** How a client opens its stream. */
export interface InitiatorOptions {
  /** The domain of the service. */
  readonly domain: string
  /** Our bare address; told to the peer once the stream is encrypted (RFC 6120 §4.7.1). */
  readonly from?: string | undefined
  /** Language of our texts, default `en`. */
  readonly lang?: string | undefined
  /** For STARTTLS; undefined: there is none, so the transport must be encrypted already. */
  readonly tls?: TlsContext | undefined
  /** Whether the transport is encrypted and verified without showing its TLS: a browser's `wss:`. Default false. */
  readonly secure?: boolean | undefined
  /** Go on without encryption where there is none; for tests. Default false. */
  readonly allowPlaintext?: boolean | undefined
  /** Credentials, pin and bounds of authentication; the stream adds what it knows. */
  readonly sasl: Pick<
    SelectOptions,
    'credentials' | 'pin' | 'requireBinding' | 'minIterations' | 'maxIterations' | 'crypto'
  >
  /** The resource to ask for; undefined lets the server choose. */
  readonly resource?: string | undefined
  /** The session to resume rather than bind; `h` is asked for when it is sent. */
  readonly resume?: { readonly previd: string; h(): number } | undefined
  /** Who we are among the clients of the account, and where our token is; for servers with extensible SASL. */
  readonly installation?: Installation | undefined
  /** What the server offered last: a login by token need not wait to hear it again. Default: it always waits. */
  readonly memory?: OfferMemory | undefined
  /** Use extensible SASL and what goes with it where they are offered, default true. */
  readonly sasl2?: boolean | undefined
  /** Ask for stream management where it is offered, default true. */
  readonly manage?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Hears of bugs. */
  failed(error: unknown): void
}

/** What negotiation led to. */
export type Initiated = Bound | Resumed

interface Negotiated {
  /** Name of the mechanism that authenticated: the pin for later logins, unless it took a token. */
  readonly mechanism: string
  /** What the server offers to an authenticated stream. */
  readonly features: Content
  /** Elements that came before negotiation was over, in order, to be handled first. */
  readonly early: readonly Fragment[]
  /** Gives the stream to its handler, which hears of its end even if that has come already. To be called at once. */
  handOver(handler: StreamHandler): void
}

/** A new session. */
export interface Bound extends Negotiated {
  readonly kind: 'bound'
  readonly jid: FullJid
  /** Present when stream management is enabled: both directions count from here. */
  readonly managed: Managed | undefined
  /** Present when a resumption was tried in vain; `h` is what the server handled of the old session, if it knows. */
  readonly notResumed: { readonly h: number | undefined } | undefined
}

/** The old session goes on. */
export interface Resumed extends Negotiated {
  readonly kind: 'resumed'
  /** How many of our stanzas the server has handled. */
  readonly h: number
}

/**
 * Negotiates a new stream. When it fails the stream is ended.
 *
 * @throws {StreamError} what either side objected to · {SaslError} refused credentials, or a server that has not proven itself ·
 *   {StanzaError} no resource was bound · {StreamEnded}, or the transport's error: the peer is gone · the signal's reason
 * @see RFC 6120 §4.3, XEP-0198 §§3, 5
 */
export async function initiate(stream: Stream, options: InitiatorOptions): Promise<Initiated> {
  const pull = new Pull(error => options.failed(error))
  const negotiating = new Negotiating(pull)
  const { signal } = options
  const abort = (): void => stream.destroy(asError(signal?.reason))
  stream.handler = negotiating
  stream.start()
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  try {
    const outcome = await negotiate({ stream, pull, options, early: [] })
    return { ...outcome, handOver: handler => negotiating.handOver(stream, handler) }
  } catch (error) {
    throw end(stream, pull, error)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

async function negotiate(initiation: Initiation): Promise<Omit<Bound, 'handOver'> | Omit<Resumed, 'handOver'>> {
  const { stream, options, early } = initiation
  let { features, begun } = await openFirst(initiation)
  if (await encrypt(initiation, features)) ({ features, begun } = await openFirst(initiation))
  const extensible = extensibleOffer(initiation, features)
  const login = extensible && (await authenticateExtensibly(initiation, features, extensible, begun))
  if (login && login.kind !== 'authenticated') return { ...login, early }
  const mechanism = login?.mechanism ?? (await authenticate(initiation, features))
  if (login) ({ features } = login)
  else {
    stream.restart()
    features = await open(initiation)
  }
  const resumption = login?.notResumed ?? (await resumeManagement(initiation, features))
  if (resumption && 'kind' in resumption && resumption.kind === 'resumed')
    return { kind: 'resumed', h: resumption.h, mechanism, features, early }
  const jid = await bindResource(initiation, features)
  const managed = options.manage === false ? undefined : await enableManagement(initiation, features)
  return { kind: 'bound', jid, managed, notResumed: resumption, mechanism, features, early }
}

/** Opens a stream on which nobody is authenticated, and authenticates in the same flight where that can be done (XEP-0509). */
async function openFirst(initiation: Initiation): Promise<{ features: Content; begun: Begun | undefined }> {
  sendHeader(initiation)
  const begun = await pipeline(initiation)
  const features = await readFeatures(initiation)
  remember(initiation, features)
  return { features, begun }
}

function open(initiation: Initiation): Promise<Content> {
  sendHeader(initiation)
  return readFeatures(initiation)
}

function sendHeader({ stream, options }: Initiation): void {
  const attrs = ['to', options.domain, 'version', '1.0', 'xml:lang', options.lang ?? 'en']
  if (options.from !== undefined && (stream.transport.tls !== undefined || options.secure === true)) {
    attrs.push('from', options.from)
  }
  stream.sendHeader('', attrs)
}

/** Checks the peer's header and reads its features (RFC 6120 §4.7, §4.3.2). */
async function readFeatures({ stream, pull }: Initiation): Promise<Content> {
  const header = await pull.header()
  stream.id = header.attr('id') ?? ''
  const tcp = stream.transport.framing === 'tcp'
  if (tcp && (header.ns !== STREAMS || header.contentNs !== stream.contentNs)) {
    throw new StreamError('invalid-namespace', {
      text: `A stream is in ${STREAMS}, its stanzas in ${stream.contentNs}`,
    })
  }
  const version = parseVersion(header.attr('version'))
  // Without features there is neither TLS nor SASL (RFC 6120 §4.7.5); an error may follow such a header.
  const element = await pull.element()
  if (version === undefined || version.major < 1) {
    throw new StreamError('unsupported-version', { text: 'Version 1.0 is needed' })
  }
  if (element.ns === STREAMS && element.name === 'features') return element.content
  throw new StreamError('bad-format', { text: 'Stream features are expected first' })
}

/** The pull, and a memory of the stream's end for the handler that takes over. */
class Negotiating implements StreamHandler {
  readonly #pull: Pull
  #closed: { readonly error: Error | undefined } | undefined

  constructor(pull: Pull) {
    this.#pull = pull
  }

  handOver(stream: Stream, handler: StreamHandler): void {
    this.#pull.handOver(stream, handler)
    if (this.#closed) handler.closed(this.#closed.error, stream)
  }

  event(event: Parameters<StreamHandler['event']>[0]): void | Promise<void> {
    return this.#pull.event(event)
  }

  closed(error: Error | undefined): void {
    this.#closed = { error }
    this.#pull.closed(error)
  }

  failed(error: unknown): void {
    this.#pull.failed(error)
  }
}

/** Ends a stream that could not be negotiated, and says why. */
function end(stream: Stream, pull: Pull, cause: unknown): unknown {
  const error =
    cause instanceof Error && cause.name === 'DecodeError'
      ? new StreamError('bad-format', { text: cause.message, cause })
      : cause
  // No peer is to wait for: what is left of it is read, and its closing tag with it.
  if (error instanceof StreamError) stream.fail(error)
  else stream.close()
  pull.release()
  return error
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Given up', { cause: reason })
}
