/** The client itself: stanzas in and out through its points, requests, and the link that carries them. */

import { isFull, Jid, type BareJid } from '@tercet/jid'
import { Hooks, silent, type Chain, type Handler, type Logger, type Point, type Verdict } from '@tercet/plugin'
import {
  errorReply,
  errorReplyTo,
  fromFragment,
  iq,
  StanzaError,
  stanzaError,
  type Codec,
  type Query,
  type Stanza,
} from '@tercet/stanza'
import { write, type Element, type Fragment } from '@tercet/xml'
import { abortable } from './abortable.ts'
import type { Abortable, Client, ClientOptions, RequestOptions } from './client.ts'
import type { Connect } from './connect.ts'
import type { ClientError } from './error.ts'
import { guard } from './guard.ts'
import { Handlers, type RequestHandler } from './handlers.ts'
import { Lane } from './lane.ts'
import { Link } from './link.ts'
import { loadPlugins, type Apis, type Plugins } from './plugin.ts'
import { incoming, outgoing, stateChanged, type StanzaEvent, type StateEvent } from './points.ts'
import { backoff } from './reconnect.ts'
import { Requests } from './requests.ts'
import type { State } from './state.ts'

/** More stanzas than this that wait for handlers hold up the reader. */
const MAX_WAITING = 10_000

/** Makes a client and its first session over `connect`. */
export async function create<P extends Plugins>(
  options: ClientOptions<P>,
  connect: Connect,
): Promise<Client & Apis<P>> {
  const core = new Core(options, connect)
  try {
    options.signal?.throwIfAborted()
    Object.assign(core, loadPlugins(core, options.plugins ?? {}))
    await core.link.start(options.signal)
  } catch (error) {
    await core.close()
    throw error
  }
  // loadPlugins gives one property for each key of P, of its plugin's type.
  return core as Client as Client & Apis<P>
}

class Core implements Client {
  readonly logger: Logger
  readonly link: Link
  readonly #hooks = new Hooks()
  readonly #incoming: Chain<StanzaEvent>
  readonly #outgoing: Chain<StanzaEvent>
  readonly #requests = new Requests(() => this.#account)
  readonly #handlers = new Handlers(error => this.failed(error))
  readonly #arriving = new Lane()
  readonly #leaving = new Lane()
  /** Features with the number of those who announced them. */
  readonly #features = new Map<string, number>()
  readonly #idPrefix = crypto.randomUUID().slice(0, 13)
  #ids = 0
  #account: BareJid

  constructor(options: ClientOptions<Plugins>, connect: Connect) {
    const jid = typeof options.jid === 'string' ? Jid.parse(options.jid) : options.jid
    const account = jid.bare
    this.#account = account
    this.logger = options.logger ?? silent
    this.#incoming = this.#hooks.chain(incoming)
    this.#outgoing = this.#hooks.chain(outgoing)
    guard(this)
    const { pin, requireBinding, password } = options
    const credentials = { username: account.local, scramCache: {}, ...options.credentials }
    this.link = new Link(this, {
      connect,
      maxStanzaBytes: options.maxStanzaBytes ?? 4 * 1024 * 1024,
      reconnect: options.reconnect ?? backoff(),
      unacknowledged: options.unacknowledged ?? 'resend',
      connectMs: options.connectMs ?? 30_000,
      timing: { quietMs: options.quietMs ?? 60_000, answerMs: options.answerMs ?? 20_000 },
      initiator: {
        domain: account.domain,
        // Somebody without a name is not to claim the domain's.
        from: account.local === '' ? undefined : account.text,
        lang: options.lang,
        allowPlaintext: options.allowPlaintext,
        installation: options.installation,
        resource: options.resource ?? (isFull(jid) ? jid.resource : undefined),
        sasl: {
          credentials: password === undefined ? credentials : { ...credentials, password },
          pin,
          ...(requireBinding === undefined ? {} : { requireBinding }),
        },
        failed: error => this.failed(error),
      },
    })
  }

  get account(): BareJid {
    return this.#account
  }

  get state(): State {
    return this.link.state
  }

  get pin(): string | undefined {
    return this.link.pin
  }

  get features(): readonly string[] {
    return [...this.#features.keys()].sort()
  }

  send(stanza: Stanza, { signal }: Abortable = {}): Promise<void> {
    const sent = this.#send(stanza)
    // Whoever does not await it learns of the end of the session from the state.
    sent.catch(() => undefined)
    return signal ? abortable(sent, signal) : sent
  }

  async request<Req, Res>(query: Query<Req, Res>, value: NoInfer<Req>, options: RequestOptions = {}): Promise<Res> {
    const { signal } = options
    signal?.throwIfAborted()
    const to = typeof options.to === 'string' ? Jid.parse(options.to) : options.to
    const id = this.#newId()
    const stanza = iq({ type: query.type, id, to, payload: query.request.write(value) })
    const answer = this.#requests.expect(id, to, signal)
    this.#send(stanza).catch((error: unknown) => this.#requests.fail(id, error as ClientError))
    const reply = await answer
    if (reply.type === 'error') throw reply.get(stanzaError) ?? new StanzaError('undefined-condition')
    return query.readResult(reply.content)
  }

  handle<Req, Res>(
    query: Query<Req, Res>,
    run: RequestHandler<NoInfer<Req>, NoInfer<Res>>,
    { feature = query.request.ns }: { readonly feature?: string | false } = {},
  ): Disposable {
    const handler = this.#handlers.add(query, run)
    const announced = feature === false ? undefined : this.announce(feature)
    return {
      [Symbol.dispose]: () => {
        handler[Symbol.dispose]()
        announced?.[Symbol.dispose]()
      },
    }
  }

  on<E, P extends string>(point: Point<E, P>, phase: NoInfer<P>, run: Handler<NoInfer<E>>): Disposable {
    return this.#hooks.on(point, phase, run)
  }

  tell<E, P extends string>(point: Point<E, P>, event: NoInfer<E>): void {
    try {
      const pending = this.#hooks.chain(point).run(event)
      if (pending instanceof Promise) pending.catch((error: unknown) => this.failed(error))
    } catch (error) {
      this.failed(error)
    }
  }

  announce(feature: string): Disposable {
    this.#features.set(feature, (this.#features.get(feature) ?? 0) + 1)
    return {
      [Symbol.dispose]: () => {
        const left = (this.#features.get(feature) ?? 1) - 1
        if (left > 0) this.#features.set(feature, left)
        else this.#features.delete(feature)
      },
    }
  }

  streamFeature<T>(codec: Codec<T>): T | undefined {
    const features = this.link.session?.features
    const at = features?.find(codec.name, codec.ns) ?? -1
    return at < 0 ? undefined : codec.read(features!.elementAt(at))
  }

  nonza(element: Element): void {
    this.link.session?.nonza(write(element))
  }

  close(): Promise<void> {
    return this.link.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // What the link tells

  get full(): Promise<void> | undefined {
    return this.#arriving.length > MAX_WAITING ? this.#arriving.idle : undefined
  }

  received(fragment: Fragment): void | Promise<void> {
    let stanza: Stanza
    try {
      // What has no sender comes from our account (RFC 6120 §8.1.2.1).
      stanza = fromFragment(fragment, fragment.attr('from') === undefined ? { from: this.account } : {})
    } catch (error) {
      this.#malformed(fragment, error)
      return
    }
    if (stanza.kind === 'iq' && (stanza.type === 'result' || stanza.type === 'error')) {
      // Past all that waits: a handler may wait for it.
      if (!this.#requests.answer(stanza)) this.logger.debug({ id: stanza.id }, 'An answer that nobody waits for')
      return
    }
    return this.#arriving.run(() => this.#dispatch({ stanza }))
  }

  changed(event: StateEvent): void {
    // The server has the last word about who we are (RFC 6120 §7.6).
    if (event.state.kind === 'online') this.#account = event.state.jid.bare
    this.tell(stateChanged, event)
  }

  ended(error: ClientError): void {
    this.#requests.failAll(error)
  }

  failed(error: unknown): void {
    this.logger.error({ err: error, account: this.account.text }, 'A handler failed')
  }

  #dispatch(event: StanzaEvent): void | Promise<void> {
    try {
      const verdict = this.#incoming.run(event)
      if (!(verdict instanceof Promise)) return this.#afterIncoming(event, verdict)
      return verdict.then(
        verdict => this.#afterIncoming(event, verdict),
        (error: unknown) => this.#refuse(event, error),
      )
    } catch (error) {
      this.#refuse(event, error)
    }
  }

  #afterIncoming({ stanza }: StanzaEvent, verdict: Verdict | void): void {
    if (verdict !== undefined || stanza.kind !== 'iq' || !stanza.from) return
    void this.#handlers.answer(stanza, stanza.from).then(reply => this.#reply(reply))
  }

  #refuse({ stanza }: StanzaEvent, error: unknown): void {
    const refusal = this.#handlers.refusal(error)
    if (stanza.kind === 'iq') this.#reply(errorReply(stanza, refusal))
  }

  #malformed(fragment: Fragment, error: unknown): void {
    const refusal = this.#handlers.refusal(error)
    this.logger.debug({ name: fragment.name, condition: refusal.condition }, 'A malformed stanza')
    if (fragment.name === 'iq') this.#reply(errorReplyTo(fragment, refusal, readable(fragment.attr('from'))))
  }

  #reply(reply: Stanza | undefined): void {
    // The server knows who we are, and the request's `to` may have been our bare address.
    if (reply?.kind === 'iq') void this.send(reply.with({ from: undefined }))
  }

  async #send(given: Stanza): Promise<void> {
    const event: StanzaEvent = {
      stanza: given.kind === 'message' && given.id === undefined ? given.with({ id: this.#newId() }) : given,
    }
    const pass = (): Leaving | Promise<Leaving> => {
      const verdict = this.#outgoing.run(event)
      return verdict instanceof Promise
        ? verdict.then(verdict => this.#leave(event, verdict))
        : this.#leave(event, verdict)
    }
    // A handler may have to ask somebody, so requests pass by.
    const leaving = given.kind === 'iq' ? pass() : this.#leaving.run(pass)
    await (leaving instanceof Promise ? await leaving : leaving).done
  }

  #leave({ stanza }: StanzaEvent, verdict: Verdict | void): Leaving {
    return { done: verdict === undefined ? this.link.send(stanza) : undefined }
  }

  #newId(): string {
    // Not to be guessed by whoever would like to answer.
    return `${this.#idPrefix}-${(++this.#ids).toString(36)}`
  }
}

/** A stanza that has passed all handlers: the next may pass while this one waits for the server. */
interface Leaving {
  readonly done: Promise<void> | undefined
}

function readable(text: string | undefined): Jid | undefined {
  if (text === undefined) return undefined
  try {
    return Jid.parse(text)
  } catch {
    return undefined
  }
}
