/** Extensible SASL (XEP-0388 1.0.4), receiving side: authentication, and all that was asked for beside it, in one answer. */

import type { FullJid, BareJid } from '@tercet/jid'
import { decodeBase64Strict, encodeBase64, offeredFastMechanisms, SaslError, type FastToken } from '@tercet/sasl'
import { StreamError } from '@tercet/stanza'
import { fast } from '@tercet/stanza/fast'
import { NS, userAgent, type UserAgent } from '@tercet/stanza/sasl2'
import { NS as NS_SASL } from '@tercet/stanza/sasl'
import { escapeText, type Element } from '@tercet/xml'
import type { Negotiation, ReceiverFeature } from '../receiver.ts'
import type { StreamHandler } from '../stream.ts'
import { configVersion, isCurrent, MISMATCH } from './config-version.ts'
import {
  beginAttempt,
  bindingTypes,
  countFailure,
  failureText,
  makeOffer,
  report,
  type Attempt,
  type Failure,
  type Offer,
  type Outcome,
  type SaslHost,
  type Success,
} from './sasl-exchange.ts'
import { interrupted, performTasks, type Task } from './sasl2-tasks.ts'
import { needsTls } from './starttls.ts'

/** What extensible SASL asks of a host. */
export interface Sasl2Host extends SaslHost {
  /** Wire text that stands beside the mechanisms in the feature: `<inline/>`, and the tasks on offer. The same for the same `from`. */
  beside(negotiation: Negotiation<Sasl2Host>, offer: Offer): string
  /** The tokens that this client of `username` may show (XEP-0484 §4.3). Without it there is no FAST. */
  readonly tokens?:
    | ((clientId: string, username: string, mechanism: string) => readonly FastToken[] | Promise<readonly FastToken[]>)
    | undefined
  /** What is to be done after the mechanism has succeeded and before the client is let in, one after the other. */
  tasks?(negotiation: Negotiation<Sasl2Host>, login: Sasl2Login): readonly Task[] | Promise<readonly Task[]>
  /**
   * Does what the client has asked for beside authentication, and calls `grant` exactly once: when nothing can come between the answer and
   * what follows it. Resolves to the handler of a session if there is one then; without one the stream goes on to be negotiated.
   *
   * @throws {StreamError} it cannot be done; the stream ends
   */
  complete(
    negotiation: Negotiation<Sasl2Host>,
    login: Sasl2Login,
    grant: (granted: Granted) => void,
  ): Promise<StreamHandler | undefined>
}

/** An authentication that has succeeded, and what came with it. */
export interface Sasl2Login {
  readonly account: BareJid
  readonly mechanism: string
  /** The token that was shown, with FAST. */
  readonly token: FastToken | undefined
  /** Its `id` is a UUID of version 4, if there is one (§2.3). */
  readonly userAgent: UserAgent | undefined
  /** `<authenticate/>` with what is asked for. */
  readonly request: Element
}

/** What a client is told when it is let in. */
export interface Granted {
  readonly jid: BareJid | FullJid
  /** Wire text for `<success/>`. */
  readonly children: string
  /** False for a stream that was resumed: its features are known (XEP-0198 §9.2). */
  readonly features: boolean
}

/** Offers extensible SASL, within TLS alone (§3), and authenticates. */
export const sasl2: ReceiverFeature<Sasl2Host> = {
  name: 'sasl2',
  advertise(negotiation) {
    if (negotiation.account || negotiation.stream.transport.tls === undefined) return undefined
    const offer = makeOffer(negotiation)
    if (offer.names.length === 0) return undefined
    const text = feature(negotiation, offer)
    // The types are told once, beside the mechanisms of RFC 6120.
    return text + configVersion(text + bindingTypes(offer))
  },
  accepts: element => element.ns === NS,
  async negotiate(negotiation, element) {
    // §4.8
    if (negotiation.account) throw new StreamError('policy-violation', { text: 'This stream is authenticated already' })
    const { stream } = negotiation
    if (element.name !== 'authenticate' || needsTls(negotiation) || stream.transport.tls === undefined) {
      const condition = element.name === 'authenticate' ? 'encryption-required' : 'malformed-request'
      return fail(negotiation, { kind: 'failure', mechanism: '', condition, guess: false })
    }
    return authenticate(negotiation, element.toElement())
  },
}

function feature(negotiation: Negotiation<Sasl2Host>, offer: Offer): string {
  const names = offer.names.map(name => `<mechanism>${name}</mechanism>`).join('')
  return `<authentication xmlns='${NS}'>${names}${negotiation.host.beside(negotiation, offer)}</authentication>`
}

async function authenticate(
  negotiation: Negotiation<Sasl2Host>,
  request: Element,
): Promise<'continue' | StreamHandler> {
  const agent = readAgent(request)
  const offer = makeOffer(negotiation)
  // Without prejudice: a client that relied on an older offer has guessed nothing (XEP-0509 §2.2).
  if (!isCurrent(request, () => feature(negotiation, offer) + bindingTypes(offer))) {
    const text = 'The features have changed'
    return fail(negotiation, { kind: 'failure', mechanism: '', condition: 'aborted', text, guess: false }, MISMATCH)
  }
  const attempt = agent.malformed ? wrongAgent : await begin(negotiation, request, offer, agent.read?.id)
  if ('kind' in attempt) return fail(negotiation, attempt)
  const success = await exchange(negotiation, attempt, request)
  if (success.kind === 'failure') return fail(negotiation, success)
  return conclude(negotiation, success, { request, userAgent: agent.read })
}

const wrongAgent: Failure = {
  kind: 'failure',
  mechanism: '',
  condition: 'malformed-request',
  text: 'The id of a user-agent is a UUID of version 4',
  guess: false,
}

const UUID_4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i

/** §2.3. An identifier in another case is the same UUID. */
function readAgent(request: Element): { readonly read: UserAgent | undefined; readonly malformed: boolean } {
  const element = request.child(userAgent.name, userAgent.ns)
  if (!element) return { read: undefined, malformed: false }
  const read = userAgent.read(element)
  if (read.id === undefined) return { read, malformed: false }
  return { read: { ...read, id: read.id.toLowerCase() }, malformed: !UUID_4.test(read.id) }
}

function begin(
  negotiation: Negotiation<Sasl2Host>,
  request: Element,
  offer: Offer,
  clientId: string | undefined,
): Promise<Attempt | Failure> {
  const name = request.attr('mechanism') ?? ''
  const { host, from } = negotiation
  // §2.3: whom the client acts for is whom it has named at first.
  if (!request.child(fast.name, fast.ns)) return beginAttempt(negotiation, name, { ...offer, only: from })
  const { tokens } = host
  const names =
    tokens && clientId !== undefined ? offeredFastMechanisms({ secure: true, channelBindings: offer.bindings }) : []
  return beginAttempt(negotiation, name, {
    ...offer,
    names,
    credentials: {
      ...offer.credentials,
      token: (username, mechanism) => host.tokens?.(clientId ?? '', username, mechanism) ?? [],
    },
  })
}

/** The mechanism's messages, until it is decided. */
async function exchange(
  { stream, pull }: Negotiation<Sasl2Host>,
  attempt: Attempt,
  request: Element,
): Promise<Success | Failure> {
  let outcome = await take(attempt, request.child('initial-response')?.text())
  while (outcome.kind === 'challenge') {
    stream.send(`<challenge xmlns='${NS}'>${encodeBase64(outcome.data)}</challenge>`)
    const element = await pull.element()
    if (element.ns === NS && element.name === 'abort') return attempt.refuse('aborted', undefined)
    // §2.4
    if (element.ns !== NS || element.name !== 'response') throw interrupted(element)
    outcome = await take(attempt, element.content.directText())
  }
  return outcome
}

/** §2.2: an element that is not there is no data, one without text is empty data. */
async function take(attempt: Attempt, text: string | undefined): Promise<Outcome> {
  let data: Uint8Array | undefined
  try {
    data = text === undefined ? undefined : decodeBase64Strict(text)
  } catch (error) {
    if (!(error instanceof SaslError)) throw error
    return attempt.refuse(error.condition, error.message)
  }
  return attempt.take(data)
}

/** The mechanism has succeeded: tasks, then everything else that was asked for. */
async function conclude(
  negotiation: Negotiation<Sasl2Host>,
  { account, mechanism, data, token }: Success,
  { request, userAgent }: Pick<Sasl2Login, 'request' | 'userAgent'>,
): Promise<'continue' | StreamHandler> {
  const { host, stream } = negotiation
  const login: Sasl2Login = { account, mechanism, token, request, userAgent }
  const tasks = (await host.tasks?.(negotiation, login)) ?? []
  const additional = data ? `<additional-data>${encodeBase64(data)}</additional-data>` : ''
  if (tasks.length > 0) {
    const failure = await performTasks(negotiation, tasks, additional)
    if (failure) return fail(negotiation, { ...failure, mechanism })
  }
  negotiation.account = account
  negotiation.mechanism = mechanism
  const handler = await host.complete(negotiation, login, ({ jid, children, features }) => {
    const who = `<authorization-identifier>${escapeText(jid.text)}</authorization-identifier>`
    stream.send(`<success xmlns='${NS}'>${tasks.length > 0 ? '' : additional}${who}${children}</success>`)
    if (features) stream.send(negotiation.listFeatures())
  })
  return handler ?? 'continue'
}

async function fail(negotiation: Negotiation<Sasl2Host>, failure: Failure, more = ''): Promise<'continue'> {
  await report(negotiation, failure)
  const text = failureText(failure)
  const words = text === undefined ? '' : `<text xml:lang='en'>${escapeText(text)}</text>`
  const condition = `<${failure.condition} xmlns='${NS_SASL}'/>`
  negotiation.stream.send(`<failure xmlns='${NS}'>${condition}${more}${words}</failure>`)
  countFailure(negotiation, failure)
  return 'continue'
}
