/** The receiving side of stream negotiation (RFC 6120 §4.3): header, features, one feature after the other, until one hands the stream over. */

import type { BareJid } from '@tercet/jid'
import { StreamError } from '@tercet/stanza'
import { CONTENT, STREAMS, type Fragment, type StreamHeader } from '@tercet/xml'
import { parseVersion } from './header.ts'
import { Pull, StreamEnded } from './pull.ts'
import type { Stream, StreamHandler } from './stream.ts'

/** What a feature did: `restart`: a new header follows; `continue`: more features; a handler: negotiation is over and it takes the stream. */
export type Outcome = 'restart' | 'continue' | StreamHandler

/**
 * A stream feature as the receiver offers it. The order of the list is the policy: the first feature that accepts an element negotiates it.
 */
export interface ReceiverFeature<H extends ReceiverHost = ReceiverHost> {
  readonly name: string
  /** What has to be read before features are listed. */
  prepare?(negotiation: Negotiation<H>): void | Promise<void>
  /** Wire text for `<features/>`, or undefined when it is not offered now. */
  advertise(negotiation: Negotiation<H>): string | undefined
  accepts(element: Fragment, negotiation: Negotiation<H>): boolean
  /** Answers on the stream. Throws `StreamError` to end it. */
  negotiate(negotiation: Negotiation<H>, element: Fragment): Outcome | Promise<Outcome>
}

/** A served domain as negotiation sees it; features ask for more of it. */
export interface ReceiverHost {
  /** Prepared text. */
  readonly domain: string
}

/** What a receiver is made of. */
export interface ReceiverOptions<H extends ReceiverHost> {
  /** The host for a `to`; undefined when it is not served here. */
  host(to: string): H | undefined
  readonly features: readonly ReceiverFeature<H>[]
  /** A new unpredictable stream id (RFC 6120 §4.7.3), default a random UUID. */
  newId?(): string
  /** Language of our own texts, default `en`. */
  readonly lang?: string
  /** Looks at a header that was accepted, before features are listed: for what they depend on and cannot ask themselves. */
  prepare?(negotiation: Negotiation<H>): void | Promise<void>
  /** Asked when features were listed: a handler ends negotiation without waiting for the initiator to choose. */
  ready?(negotiation: Negotiation<H>): StreamHandler | undefined
  /** Hears of bugs, default: the console. */
  failed?(error: unknown, stream: Stream): void
}

/** What is known of a stream that is being negotiated. Everything but the stream is forgotten at a restart that asks for it. */
export interface Negotiation<H extends ReceiverHost> {
  readonly stream: Stream
  /** Gives the elements that follow in an exchange. */
  readonly pull: Pull
  host: H
  /** The initiator's language for this stream (RFC 6120 §4.7.4). */
  lang: string
  /** The initiator's `from`, unprepared. */
  from: string | undefined
  /** Set by SASL: the authorised identity. */
  account: BareJid | undefined
  /** Name of the mechanism that authenticated. */
  mechanism: string | undefined
  /** A resource is bound already, within authentication: binding is not offered any more. */
  bound: boolean
  /** Stream management is enabled already, in the same way: it is not offered any more. */
  managed: boolean
  /** Wire text of `<features/>` as they are now. */
  listFeatures(): string
  /** Exchanges on this connection that did not authenticate, for whatever reason. */
  attempts: number
  /** Those among them that may have been guesses. */
  failures: number
}

/**
 * Negotiates until a feature hands the stream over or the stream ends. Never rejects.
 *
 * @see RFC 6120 §4.3
 */
export async function receive<H extends ReceiverHost>(stream: Stream, options: ReceiverOptions<H>): Promise<void> {
  const failed = (error: unknown): void => (options.failed ? options.failed(error, stream) : console.error(error))
  const pull = new Pull(failed)
  stream.handler = pull
  stream.id = newId(options)
  stream.fallbackHeader = ['from', '', 'version', '1.0', 'xml:lang', langOf(options)]
  stream.start()
  try {
    await negotiate(stream, pull, options)
  } catch (error) {
    if (error instanceof StreamEnded || !stream.open) return
    if (error instanceof StreamError) {
      stream.fail(error)
      return
    }
    failed(error)
    stream.fail(new StreamError('internal-server-error', { cause: error }))
  } finally {
    pull.release()
  }
}

function newId(options: Pick<ReceiverOptions<ReceiverHost>, 'newId'>): string {
  return options.newId?.() ?? crypto.randomUUID()
}

function langOf({ lang = 'en' }: Pick<ReceiverOptions<ReceiverHost>, 'lang'>): string {
  return lang
}

async function negotiate<H extends ReceiverHost>(
  stream: Stream,
  pull: Pull,
  options: ReceiverOptions<H>,
): Promise<void> {
  let negotiation: Negotiation<H> | undefined
  for (;;) {
    const header = await pull.header()
    const host = open(stream, header, negotiation, options)
    const lang = header.attr('xml:lang') ?? langOf(options)
    negotiation ??= {
      stream,
      pull,
      host,
      lang,
      from: undefined,
      account: undefined,
      mechanism: undefined,
      bound: false,
      managed: false,
      listFeatures: () => listFeatures(negotiation!, options.features),
      attempts: 0,
      failures: 0,
    }
    negotiation.host = host
    negotiation.lang = lang
    negotiation.from = header.attr('from')
    await options.prepare?.(negotiation)
    // RFC 6120 §4.3.2, §4.7.5: a peer before version 1.0 knows no features; it finds out that it can do nothing here.
    if (atLeastOne(header)) await offer(negotiation, options.features)
    const handler = options.ready?.(negotiation) ?? (await exchange(negotiation, options.features))
    if (handler !== 'restart') {
      pull.handOver(stream, handler)
      return
    }
    stream.restart()
    stream.id = newId(options)
  }
}

/** Runs features until one restarts the stream or ends negotiation. */
async function exchange<H extends ReceiverHost>(
  negotiation: Negotiation<H>,
  features: readonly ReceiverFeature<H>[],
): Promise<'restart' | StreamHandler> {
  for (;;) {
    const element = await negotiation.pull.element()
    const feature = features.find(feature => feature.accepts(element, negotiation))
    if (!feature) throw refusal(negotiation, element)
    const outcome = await feature.negotiate(negotiation, element)
    if (outcome !== 'continue') return outcome
  }
}

/** Checks the initiator's header and answers it with ours (RFC 6120 §4.7). */
function open<H extends ReceiverHost>(
  stream: Stream,
  header: StreamHeader,
  before: Negotiation<H> | undefined,
  options: ReceiverOptions<H>,
): H {
  const to = header.attr('to')
  const host = to === undefined ? undefined : options.host(to)
  const from = header.attr('from')
  const version = parseVersion(header.attr('version'))
  const attrs = ['from', host?.domain ?? '', 'xml:lang', langOf(options)]
  // RFC 6120 §4.7.5: without a version we answer as 0.9 would, otherwise with the lower of both.
  if (version)
    attrs.push(
      'version',
      version.major > 1 || (version.major === 1 && version.minor > 0) ? '1.0' : `${version.major}.${version.minor}`,
    )
  if (from !== undefined) attrs.push('to', from)
  stream.sendHeader(stream.id, attrs)
  if (header.ns !== STREAMS && stream.transport.framing === 'tcp') {
    throw new StreamError('invalid-namespace', { text: `A stream is in ${STREAMS}` })
  }
  if (header.contentNs !== stream.contentNs) {
    throw new StreamError('invalid-namespace', { text: `The content namespace here is ${stream.contentNs}` })
  }
  if (!host)
    throw new StreamError('host-unknown', {
      text: to === undefined ? 'Say in to which domain you want' : `${to} is not served here`,
    })
  if (before?.account && before.host !== host)
    throw new StreamError('not-authorized', { text: 'The domain changed after authentication' })
  return host
}

function atLeastOne(header: StreamHeader): boolean {
  const version = parseVersion(header.attr('version'))
  return version !== undefined && version.major >= 1
}

async function offer<H extends ReceiverHost>(
  negotiation: Negotiation<H>,
  features: readonly ReceiverFeature<H>[],
): Promise<void> {
  for (const feature of features) {
    const pending = feature.prepare?.(negotiation)
    if (pending) await pending
  }
  negotiation.stream.send(listFeatures(negotiation, features))
}

function listFeatures<H extends ReceiverHost>(
  negotiation: Negotiation<H>,
  features: readonly ReceiverFeature<H>[],
): string {
  // A WebSocket message inherits no prefix from a header (RFC 7395 §3.3.3).
  const xmlns = negotiation.stream.transport.framing === 'websocket' ? ` xmlns:stream='${STREAMS}'` : ''
  let text = ''
  for (const feature of features) text += feature.advertise(negotiation) ?? ''
  return `<stream:features${xmlns}>${text}</stream:features>`
}

/** Why an element that no feature takes ends the stream (RFC 6120 §4.3.5, §4.9.3.12, §4.9.3.24). */
function refusal<H extends ReceiverHost>(negotiation: Negotiation<H>, element: Fragment): StreamError {
  if (element.ns !== CONTENT || !['message', 'presence', 'iq'].includes(element.name)) {
    return new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }
  return new StreamError('not-authorized', {
    text: negotiation.account ? 'Bind a resource before you send stanzas' : 'Authenticate before you send stanzas',
  })
}
