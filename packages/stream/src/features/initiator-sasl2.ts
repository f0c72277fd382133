/** Extensible SASL (XEP-0388 1.0.4) with all that fits into one request, initiating side: a token for the password, resuming, binding. */

import { isFull, type FullJid } from '@tercet/jid'
import {
  HT_MECHANISMS,
  offeredFastMechanisms,
  SaslError,
  selectMechanism,
  type ClientMechanism,
  type SelectOptions,
} from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import * as bind2 from '@tercet/stanza/bind2'
import { configVersion, mismatch } from '@tercet/stanza/config-version'
import * as fast from '@tercet/stanza/fast'
import * as wire from '@tercet/stanza/sasl2'
import * as sm from '@tercet/stanza/sm'
import { Element, STREAMS, write, type Content } from '@tercet/xml'
import { answer, offered, type Initiation } from '../initiation.ts'
import type { StoredToken } from '../installation.ts'
import type { RememberedOffer } from '../offer-memory.ts'
import { selection } from './initiator-sasl.ts'
import type { Managed } from './initiator-sm.ts'
import { Upgrades } from './initiator-upgrade.ts'

/** What the server can do in one request. */
export interface ExtensibleOffer {
  readonly mechanisms: readonly string[]
  /** Mechanisms for tokens; none: there are no tokens. */
  readonly tokens: readonly string[]
  readonly resume: boolean
  /** What can be asked for while binding; undefined: binding is not part of it. */
  readonly bind: readonly string[] | undefined
}

/** What a request led to. */
export type ExtensibleLogin =
  | { readonly kind: 'resumed'; readonly mechanism: string; readonly features: Content; readonly h: number }
  | {
      readonly kind: 'bound'
      readonly mechanism: string
      readonly features: Content
      readonly jid: FullJid
      readonly managed: Managed | undefined
      readonly notResumed: { readonly h: number | undefined } | undefined
    }
  | {
      readonly kind: 'authenticated'
      readonly mechanism: string
      readonly features: Content
      readonly notResumed: { readonly kind: 'lost'; readonly h: number | undefined } | undefined
    }

/** What of it this stream can use; undefined: the other profile is to be used. It has no place outside of TLS (§3). */
export function extensibleOffer({ stream, options }: Initiation, features: Content): ExtensibleOffer | undefined {
  if (options.sasl2 === false || (stream.transport.tls === undefined && options.secure !== true)) return undefined
  const offer = offered(features, wire.authentication)
  if (offer === undefined || offer.mechanisms.length === 0) return undefined
  const inline = (name: string, ns: string): Element | undefined =>
    offer.inline.find(element => element.name === name && element.ns === ns)
  const bind = inline(bind2.feature.name, bind2.NS)
  const tokens = inline(fast.feature.name, fast.NS)
  return {
    mechanisms: offer.mechanisms,
    tokens: tokens ? fast.feature.read(tokens).mechanisms : [],
    resume: inline(sm.feature.name, sm.NS) !== undefined,
    // A resource of one's own choice is bound the old way.
    bind: bind && options.resource === undefined ? bind2.feature.read(bind).inline : undefined,
  }
}

/** A request that is under way. */
export interface Begun {
  readonly mechanism: ClientMechanism
  /** Mechanism that a token was asked for. */
  readonly wanted: string | undefined
  readonly upgrades: Upgrades
}

/** The request relied on an offer that does not hold any more (XEP-0509 §2.2). */
class OfferChanged extends Error {
  override readonly name = 'OfferChanged'
}

/**
 * Asks before the server has told what it offers, by a token and what it offered last time (XEP-0509 §2.2); undefined: it cannot be done, and
 * nothing is sent.
 */
export async function beginEarly(initiation: Initiation, known: RememberedOffer): Promise<Begun | undefined> {
  const offer = extensibleOffer(initiation, known.features)
  const token = offer && (await usableToken(initiation, offer))
  if (!token) return undefined
  const options = selection(initiation, known.features, offer.mechanisms)
  return begin(initiation, known.features, offer, tokenMechanism(options, offer, token), known)
}

/**
 * Authenticates, and resumes or binds with it where the server can. A token that does not do is thrown away, and the password tried instead.
 *
 * @param begun what was asked before the features came
 * @throws {SaslError}
 */
export async function authenticateExtensibly(
  initiation: Initiation,
  features: Content,
  offer: ExtensibleOffer,
  begun?: Begun,
): Promise<ExtensibleLogin> {
  const options = selection(initiation, features, offer.mechanisms)
  const token = begun ? undefined : await usableToken(initiation, offer)
  if (begun ?? token) {
    try {
      begun ??= await begin(initiation, features, offer, tokenMechanism(options, offer, token!))
      return await finish(initiation, features, begun)
    } catch (error) {
      if (error instanceof OfferChanged) return authenticateExtensibly(initiation, features, offer)
      if (!(error instanceof SaslError)) throw error
      // The stream goes on (§2.6.2). A server that is in trouble says nothing about the token.
      if (error.condition !== 'temporary-auth-failure') await initiation.options.installation?.tokens?.save(undefined)
      if (!initiation.stream.open || !showsSomethingElse(options)) throw error
    }
  }
  const mechanism = selectMechanism({ ...options, profile: 'sasl2' })
  return finish(initiation, features, await begin(initiation, features, offer, mechanism))
}

async function usableToken({ options }: Initiation, { tokens }: ExtensibleOffer): Promise<StoredToken | undefined> {
  const token = await options.installation?.tokens?.load()
  return token && token.expiresAt > Date.now() && tokens.includes(token.mechanism) ? token : undefined
}

function tokenMechanism(options: SelectOptions, { tokens }: ExtensibleOffer, token: StoredToken): ClientMechanism {
  const credentials = { ...options.credentials, token }
  return selectMechanism({ ...options, credentials, fastOffered: tokens, profile: 'sasl2' })
}

function showsSomethingElse({ credentials }: SelectOptions): boolean {
  const { password, bearer, external, anonymous } = credentials
  return password !== undefined || bearer !== undefined || external === true || anonymous === true
}

async function begin(
  initiation: Initiation,
  features: Content,
  offer: ExtensibleOffer,
  mechanism: ClientMechanism,
  known?: RememberedOffer,
): Promise<Begun> {
  const isToken = HT_MECHANISMS.includes(mechanism.name)
  const wanted = isToken ? undefined : bestForTokens(initiation, features, offer)
  const { secure } = selection(initiation, features, [])
  const upgrades = new Upgrades(initiation.options.sasl, features, { mechanism: mechanism.name, secure })
  const initialResponse = await mechanism.initial()
  const more = [...upgrades.request, ...(known ? [configVersion.write(known.version)] : [])]
  initiation.stream.send(
    write(request(initiation, offer, { mechanism: mechanism.name, initialResponse, wanted, more })),
  )
  return { mechanism, wanted, upgrades }
}

async function finish(
  initiation: Initiation,
  features: Content,
  { mechanism, wanted, upgrades }: Begun,
): Promise<ExtensibleLogin> {
  const { stream, pull } = initiation
  let isProven = false
  // Whatever it says, only a server that has proven itself counts (RFC 5802 §5); with tasks it does so before them (§2.6.3).
  const prove = async (data: Uint8Array | undefined): Promise<void> => {
    if (!isProven) await mechanism.success(data)
    isProven = true
  }
  for (;;) {
    const element = await pull.element()
    if (element.ns !== wire.NS) throw unexpected(element.name)
    switch (element.name) {
      case 'challenge':
        stream.send(write(wire.response.write(await respond(initiation, mechanism, element.toElement()))))
        break
      case 'failure': {
        if (element.content.find(mismatch.name, mismatch.ns) >= 0) throw new OfferChanged()
        const { condition, text } = wire.failure.read(element.toElement())
        throw new SaslError(condition, text === undefined ? {} : { text })
      }
      case 'success': {
        const success = element.toElement()
        await prove(wire.success.read(success).additionalData)
        return conclude(initiation, features, { success, mechanism: mechanism.name, wanted: wanted ?? mechanism.name })
      }
      case 'continue': {
        const { additionalData, tasks } = wire.goOn.read(element.toElement())
        await prove(additionalData)
        await orAbort(initiation, () => stream.send(write(wire.next.write({ task: upgrades.begin(tasks) }))))
        break
      }
      case 'task-data': {
        const data = wire.taskData.read(element.toElement())
        await orAbort(initiation, async () => stream.send(write(wire.taskData.write([await upgrades.answer(data)]))))
        break
      }
      default:
        throw unexpected(element.name)
    }
  }
}

/** The strongest mechanism of both ends that takes tokens: one that binds to the connection if there is any (XEP-0484 §5). */
function bestForTokens(initiation: Initiation, features: Content, { tokens }: ExtensibleOffer): string | undefined {
  if (!initiation.options.installation?.tokens) return undefined
  const { channelBindings = [] } = selection(initiation, features, [])
  return offeredFastMechanisms({ secure: true, channelBindings }).find(name => tokens.includes(name))
}

interface Request {
  readonly mechanism: string
  readonly initialResponse: Uint8Array | undefined
  /** Mechanism to get a token for. */
  readonly wanted: string | undefined
  readonly more: readonly Element[]
}

/** Everything in one element (§2.3). */
function request(
  { options }: Initiation,
  offer: ExtensibleOffer,
  { mechanism, initialResponse, wanted, more: others }: Request,
): Element {
  const { installation, resume, manage } = options
  const { id, software, device } = installation ?? {}
  const element = wire.authenticate.write({
    mechanism,
    ...(initialResponse ? { initialResponse } : {}),
    ...(installation ? { userAgent: { id, software, device } } : {}),
  })
  const more: Element[] = [...others]
  if (resume && offer.resume) more.push(sm.resume.write({ previd: resume.previd, h: resume.h() }))
  if (offer.bind) {
    const managed = manage !== false && offer.bind.includes(sm.NS)
    const { name, ns, attrs, children } = bind2.bind.write({ tag: software })
    more.push(new Element(name, ns, attrs, managed ? [...children, sm.enable.write({ resume: true })] : children))
  }
  if (HT_MECHANISMS.includes(mechanism)) more.push(fast.fast.write({ invalidate: false }))
  else if (wanted !== undefined) more.push(fast.requestToken.write({ mechanism: wanted }))
  return new Element(element.name, element.ns, element.attrs, [...element.children, ...more])
}

/** Our part of the exchange. */
function respond(initiation: Initiation, mechanism: ClientMechanism, element: Element): Promise<Uint8Array> {
  return orAbort(initiation, () => mechanism.challenge(wire.challenge.read(element)))
}

/** When we will not go on the server is told (§4.5). */
async function orAbort<T>({ stream }: Initiation, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    stream.send(write(wire.abort.write({})))
    throw error
  }
}

/** Reads what we have got, and the features that follow unless the stream was resumed. */
async function conclude(
  initiation: Initiation,
  before: Content,
  { success, mechanism, wanted }: { readonly success: Element; readonly mechanism: string; readonly wanted: string },
): Promise<ExtensibleLogin> {
  const { tokens } = initiation.options.installation ?? {}
  const token = success.child(fast.token.name, fast.NS)
  if (token && tokens) {
    const { token: text, expiry } = fast.token.read(token)
    await tokens.save({ mechanism: wanted, token: text, expiresAt: expiry.getTime() })
  }
  const resumed = success.child(sm.resumed.name, sm.NS)
  if (resumed) return { kind: 'resumed', mechanism, features: before, h: sm.resumed.read(resumed).h }
  const failed = success.child(sm.failed.name, sm.NS)
  const h = failed && sm.failed.read(failed).h
  const bound = success.child(bind2.bound.name, bind2.NS)
  const { authorizationIdentifier: jid } = wire.success.read(success)
  const { content: features } = await answer(initiation, ({ name, ns }) => name === 'features' && ns === STREAMS)
  if (!bound) {
    return { kind: 'authenticated', mechanism, features, notResumed: failed ? { kind: 'lost', h } : undefined }
  }
  if (!isFull(jid)) throw new StreamError('bad-format', { text: 'A bound resource has a full address' })
  const enabled = bound.child(sm.enabled.name, sm.NS)
  const { id, resume, max } = enabled ? sm.enabled.read(enabled) : {}
  const managed = enabled && { id: resume === true ? id : undefined, maxSeconds: max }
  // A session that could be resumed once is lost in any case now.
  const notResumed = failed || initiation.options.resume ? { h } : undefined
  return { kind: 'bound', mechanism, features, jid, managed, notResumed }
}

function unexpected(name: string): StreamError {
  return new StreamError('unsupported-stanza-type', { text: `${name} is not expected here` })
}
