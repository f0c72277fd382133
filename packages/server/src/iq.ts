/** Requests and who answers them: one handler for each type, target and payload (RFC 6120 §8.2.3, §10.5). */

import type { Jid } from '@tercet/jid'
import type { Iq } from '@tercet/stanza'
import { DecodeError, resultOf, StanzaError, type Query } from '@tercet/stanza'
import type { Content } from '@tercet/xml'
import type { Account } from './account.ts'
import type { Session } from './session.ts'
import type { Turn } from './turn.ts'

/**
 * Whom a request is addressed to: `server`: the domain; `self`: the sender's own account (no `to`, or its own bare JID); `account`:
 * the bare JID of an account here, by somebody else.
 */
export type Target = 'server' | 'self' | 'account'

/** What a handler knows about the request. */
export interface IqContext {
  readonly iq: Iq
  readonly from: Jid
  readonly turn: Turn
  /** The session that sent it, if it came from one of ours. */
  readonly session: Session | undefined
  /** The account it is addressed to, for `self` and `account`. */
  readonly account: Account | undefined
}

/** Answers one kind of request; throws `StanzaError` to refuse it. */
export type IqHandler<Req, Res> = (request: Req, context: IqContext) => Res | Promise<Res>

interface Registered {
  readonly query: Query<unknown, unknown>
  readonly run: IqHandler<unknown, unknown>
}

/** The handlers of one host. */
export class IqHandlers {
  readonly #handlers = new Map<string, Registered>()
  readonly #forbidden = new Set<string>()

  /** @throws {TypeError} there is one already */
  add<Req, Res>(query: Query<Req, Res>, target: Target, run: IqHandler<Req, Res>): Disposable {
    const key = keyOf(query.type, target, query.request.ns, query.request.name)
    if (this.#handlers.has(key)) throw new TypeError(`Two handlers answer ${key}`)
    // Query and handler were matched by the caller's types; the table only pairs them again.
    this.#handlers.set(key, { query, run: run as IqHandler<unknown, unknown> })
    return { [Symbol.dispose]: () => void this.#handlers.delete(key) }
  }

  /** Requests of this kind to accounts of others are forbidden, and nobody learns by it which accounts there are. */
  forbid<Req, Res>({ type, request }: Query<Req, Res>): Disposable {
    const key = keyOf(type, 'account', request.ns, request.name)
    this.#forbidden.add(key)
    return { [Symbol.dispose]: () => void this.#forbidden.delete(key) }
  }

  /** Whether a request to an account of others is forbidden. */
  forbids({ type, content }: Iq): boolean {
    return this.#forbidden.has(keyOf(type, 'account', content.nsAt(0), content.nameAt(0)))
  }

  /**
   * Answers a request; the result waits for the disk if the handler changed something.
   *
   * @throws {StanzaError} `service-unavailable`: nobody handles it · `bad-request`: malformed · whatever the handler refuses with
   */
  answer(target: Target, context: IqContext): Iq | Promise<Iq> {
    const { iq } = context
    const content = iq.content
    const registered = this.#handlers.get(keyOf(iq.type, target, content.nsAt(0), content.nameAt(0)))
    if (!registered)
      throw new StanzaError(target === 'account' && this.forbids(iq) ? 'forbidden' : 'service-unavailable')
    const request = decode(registered.query, content)
    const value = registered.run(request, context)
    if (!(value instanceof Promise)) return resultOf(iq, registered.query.writeResult(value))
    return value.then(value => resultOf(iq, registered.query.writeResult(value)))
  }
}

function decode(query: Query<unknown, unknown>, content: Content): unknown {
  try {
    return query.request.read(content.elementAt(0))
  } catch (error) {
    if (error instanceof DecodeError) throw new StanzaError('bad-request', { text: error.message, cause: error })
    throw error
  }
}

function keyOf(type: string, target: Target, ns: string, name: string): string {
  return `${type} ${target} {${ns}}${name}`
}
