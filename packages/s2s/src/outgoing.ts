/** A stream to another server, from the connection to the proof of who we are (RFC 6120 §4.3, XEP-0178 1.2, XEP-0220 1.1.1, XEP-0288 1.0.1). */

import { asDomain } from '@tercet/jid'
import { encodeBase64 } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import * as saslWords from '@tercet/stanza/sasl'
import * as limitsWords from '@tercet/stanza/limits'
import * as tlsWords from '@tercet/stanza/starttls'
import { Pull, StreamEnded } from '@tercet/stream'
import { STREAMS, write, type Content, type Fragment } from '@tercet/xml'
import {
  NS_DIALBACK,
  pairKey,
  readAnswer,
  resultRequest,
  verifyRequest,
  type Pair,
  type Verification,
} from './dialback.ts'
import { Refused } from './failure.ts'
import type { Gateway } from './gateway.ts'
import { limitsText, NS_BIDI, NS_BIDI_FEATURE } from './incoming-features.ts'
import { Link } from './link.ts'
import { enableManagement, takeUp } from './outgoing-management.ts'
import { answer, has, read, type Attempt, type Opened, type Outgoing } from './outgoing-stream.ts'
import type { Verdict } from './ports.ts'

/**
 * Makes a stream for the stanzas of a pair. A stream that fails is ended.
 *
 * @throws {Refused} one side does not believe the other · {StreamError} what either side objected to · {StreamEnded}, or what the dialer
 *   failed of
 */
export async function openLink(gateway: Gateway, attempt: Attempt): Promise<Link> {
  return withStream(gateway, attempt, async opened => {
    const { stream, from, to, trace } = opened
    const bidi = startBidi(opened)
    const method = await authenticate(opened)
    let { features } = opened
    if (method === 'external') {
      stream.restart()
      features = await open(opened)
    }
    trace?.({
      step: 'proof',
      ok: true,
      text: `${to} believes that we are ${from}, by ${method === 'external' ? 'our certificate' : 'dialback'}`,
    })
    const { lost } = attempt
    const h = lost && lost.bidi === bidi ? await takeUp(opened, features, lost) : undefined
    const managed = h === undefined && (await enableManagement(opened, features))
    const limits = read(features, limitsWords.limits) ?? read(opened.features, limitsWords.limits)
    const link = new Link(gateway, stream, {
      direction: 'outgoing',
      bidi,
      maxBytes: limits?.maxBytes,
      dialbackErrors:
        has(features, 'dialback', 'urn:xmpp:features:dialback') ||
        has(opened.features, 'dialback', 'urn:xmpp:features:dialback'),
      verdict: opened.verdict,
      lang: 'en',
      proof: method,
    })
    if (bidi) link.accepted.add(pairKey(to, from))
    for (const element of opened.early.elements) void link.event({ kind: 'element', element })
    if (lost && h !== undefined) link.goOn(lost.resumption, lost.arrived.received, h)
    else if (managed) link.startManaged(managed.resumption)
    opened.pull.handOver(stream, link)
    // Its end may have come while nobody was listening for it.
    if (!stream.open) {
      link.closed(undefined)
      throw new StreamEnded(`${to} closed the stream`)
    }
    trace?.({ step: 'ready', ok: true, text: `The stream is ready; stanzas are confirmed by ${link.confirmation}` })
    gateway.logger.info(
      {
        stream: stream.id,
        domain: to,
        from,
        proof: method,
        certificate: verdictText(opened.verdict),
        confirmation: link.confirmation,
        bidi,
        resumed: h !== undefined,
      },
      'Connected to another server',
    )
    return link
  })
}

/** Asks the server of `to` on a stream of its own whether it made `key` for our stream `id`. @throws as {@link openLink} */
export async function verifyOnce(gateway: Gateway, attempt: Attempt, id: string, key: string): Promise<Verification> {
  return withStream(gateway, attempt, async opened => {
    const { stream, from, to } = opened
    stream.send(verifyRequest({ from, to }, id, key, stream.transport.framing === 'websocket'))
    const element = await answer(
      opened,
      element => isAnswer(element, 'verify', opened) && element.attr('id') === id && readAnswer(element) !== undefined,
    )
    stream.close()
    opened.pull.release()
    return readAnswer(element) ?? 'invalid'
  })
}

async function withStream<T>(gateway: Gateway, attempt: Attempt, use: (opened: Opened) => Promise<T>): Promise<T> {
  const { from, to, signal, trace } = attempt
  try {
    return await withTarget(undefined)
  } catch (error) {
    // RFC 6120 §4.9.3.19: once, and everything is checked there as it would have been here.
    const target = otherHost(error)
    if (!target) throw error
    trace?.({ step: 'connect', ok: true, text: `${to} asks us to go to ${target.host}:${target.port}` })
    return withTarget(target)
  }

  async function withTarget(target: { host: string; port: number } | undefined): Promise<T> {
    const { transport, target: shown, delegate } = await gateway.dialer.dial(from, to, { signal, trace, target })
    const stream = gateway.stream(transport)
    const pull = new Pull(error => gateway.logger.error({ err: error, domain: to }, 'Negotiation failed'))
    const early = { elements: [], characters: 0 }
    const outgoing: Outgoing = { ...attempt, gateway, stream, pull, early, delegate }
    const abort = (): void => stream.destroy(signal.reason instanceof Error ? signal.reason : undefined)
    signal.addEventListener('abort', abort, { once: true })
    stream.handler = pull
    stream.start()
    if (signal.aborted) abort()
    try {
      trace?.({ step: 'stream', ok: true, text: `A stream opens from ${from} to ${to} at ${shown}` })
      return await use(await secure(outgoing))
    } catch (error) {
      if (error instanceof StreamError) stream.fail(error)
      else stream.close()
      pull.release()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
}

/** Sends our header, reads the peer's and its features. */
async function open({ gateway, stream, pull, from, to, trace }: Outgoing): Promise<Content> {
  stream.sendHeader('', ['from', from, 'to', to, 'version', '1.0', 'xml:lang', 'en'])
  const header = await pull.header()
  stream.id = header.attr('id') ?? ''
  if (header.contentNs !== stream.contentNs)
    throw new StreamError('invalid-namespace', { text: `Stanzas between servers are in ${stream.contentNs}` })
  const element = await pull.element()
  if (element.ns !== STREAMS || element.name !== 'features')
    throw new StreamError('unsupported-version', { text: 'A server of version 1.0 lists its features first' })
  gateway.logger.debug({ stream: stream.id, domain: to }, 'Stream features of another server')
  const names = element.content.elements().map(({ name }) => name)
  trace?.({
    step: 'features',
    ok: true,
    text: names.length === 0 ? 'No stream features' : `Stream features: ${names.join(', ')}`,
  })
  return element.content
}

/** Encrypts as the policy wants, and looks at the certificate for the domain that stanzas are for (RFC 6120 §13.7.2.1). */
async function secure(outgoing: Outgoing): Promise<Opened> {
  const { gateway, stream, pull, from, to, trace } = outgoing
  const rule = gateway.policy.rule(to)
  let features = await open(outgoing)
  if (
    !stream.transport.tls &&
    stream.transport.framing === 'tcp' &&
    gateway.tls &&
    has(features, 'starttls', tlsWords.NS)
  ) {
    stream.send(write(tlsWords.starttls.write({ required: false })))
    const element = await pull.element()
    if (element.ns !== tlsWords.NS || element.name !== 'proceed') throw new Refused(`${to} refuses to start TLS`)
    await stream.upgrade(gateway.tls.client(from, to))
    features = await open(outgoing)
  }
  const { tls } = stream.transport
  if (!tls) {
    // Whoever sits in between could have taken the offer away.
    if (rule.requireTls) throw new Refused(`${to} offers no encryption, and the policy requires it`)
    trace?.({ step: 'tls', ok: false, text: 'The stream is not encrypted' })
    return { ...outgoing, features, verdict: undefined }
  }
  trace?.({ step: 'tls', ok: true, text: `The stream is encrypted with ${tls.protocol}, ${tls.cipher}` })
  const verdict = await gateway.verdict(tls, to, outgoing.signal, outgoing.delegate)
  trace?.({ step: 'certificate', ok: verdict.valid, text: verdictWords(to, verdict) })
  if (!verdict.valid && rule.authentication === 'certificate') throw new Refused(verdictWords(to, verdict))
  return { ...outgoing, features, verdict }
}

/** Lets the peer use the stream too (XEP-0288 §2.1: after TLS, before proof), and says how much we take (XEP-0478 §3.2). */
function startBidi({ gateway, stream, features }: Opened): boolean {
  if (!gateway.bidi || !has(features, 'bidi', NS_BIDI_FEATURE)) return false
  stream.send(`<bidi xmlns='${NS_BIDI}'>${limitsText(gateway.limits)}</bidi>`)
  return true
}

async function authenticate(opened: Opened): Promise<'external' | 'dialback'> {
  const { features, to } = opened
  const offered = read(features, saslWords.mechanisms)?.includes('EXTERNAL') ?? false
  const failure = offered ? await external(opened) : undefined
  if (offered && failure === undefined) return 'external'
  const answer = await dialback(opened)
  if (answer === 'valid') return 'dialback'
  // XEP-0220 §2.1.1: what waits is answered according to this.
  const before = failure === undefined ? '' : ` (our certificate was refused as well: ${failure})`
  if (answer === 'invalid')
    throw new Refused(`${to} says that our dialback key is invalid${before}`, 'internal-server-error')
  throw new Refused(`${to} refuses our dialback: ${answer.error}${before}`)
}

/** SASL EXTERNAL (XEP-0178 §3): returns why it was refused, if it was. */
async function external({ stream, pull, from }: Opened): Promise<string | undefined> {
  // The identity is said for the sake of older servers.
  const identity = encodeBase64(new TextEncoder().encode(from))
  stream.send(`<auth xmlns='${saslWords.NS}' mechanism='EXTERNAL'>${identity}</auth>`)
  const element = await pull.element()
  if (element.ns === saslWords.NS && element.name === 'success') return undefined
  if (element.ns === saslWords.NS && element.name === 'failure') {
    const { condition, text } = saslWords.failure.read(element.toElement())
    return text ?? condition
  }
  throw new StreamError('bad-format', { text: 'The outcome of SASL is expected' })
}

async function dialback(opened: Opened): Promise<Verification> {
  const { gateway, stream, from, to } = opened
  const key = await gateway.keys.key(to, from, stream.id)
  stream.send(resultRequest({ from, to }, key, stream.transport.framing === 'websocket'))
  const element = await answer(opened, element => isAnswer(element, 'result', opened))
  return readAnswer(element) ?? 'invalid'
}

function isAnswer(element: Fragment, name: string, { from, to }: Pair): boolean {
  return (
    element.ns === NS_DIALBACK &&
    element.name === name &&
    element.attr('type') !== undefined &&
    asDomain(element.attr('from')) === to &&
    asDomain(element.attr('to')) === from
  )
}

/** `host`, `host:port` or `[address]:port` of `<see-other-host/>`. */
function otherHost(error: unknown): { host: string; port: number } | undefined {
  if (!(error instanceof StreamError) || error.condition !== 'see-other-host' || !error.address) return undefined
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/ ]+))(?::(\d{1,5}))?$/.exec(error.address)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3] ?? 5269)
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

function verdictText(verdict: Verdict | undefined): string {
  if (!verdict) return 'none'
  return verdict.valid ? verdict.by : verdict.reason
}

/** What a certificate is worth, for people. */
export function verdictWords(domain: string, verdict: Verdict): string {
  if (verdict.valid) return `The certificate speaks for ${domain} (${verdict.by})`
  const names = verdict.names.length === 0 ? 'it names nobody' : `it names ${verdict.names.join(', ')}`
  return `The certificate does not speak for ${domain}: ${verdict.reason}; ${names}`
}
