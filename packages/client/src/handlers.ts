/** Answers to the requests of others (RFC 6120 §8.2.3). */

import type { Jid } from '@tercet/jid'
import { errorReply, resultOf, StanzaError, type Iq, type Query } from '@tercet/stanza'

/** A request as its handler sees it. */
export interface Request {
  readonly iq: Iq
  readonly from: Jid
}

/** Answers a request; what it throws refuses it, a StanzaError as it is. */
export type RequestHandler<Req, Res> = (value: Req, request: Request) => Res | Promise<Res>

interface Entry {
  readonly query: Query<unknown, unknown>
  readonly run: RequestHandler<unknown, unknown>
}

/** The requests that one client answers. */
export class Handlers {
  readonly #entries = new Map<string, Entry>()
  readonly #failed: (error: unknown) => void

  /** @param failed hears of bugs in handlers */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** @throws {TypeError} somebody handles it already */
  add<Req, Res>(query: Query<Req, Res>, run: RequestHandler<Req, Res>): Disposable {
    const key = keyOf(query.type, query.request.ns, query.request.name)
    if (this.#entries.has(key)) throw new TypeError(`Requests of ${key} are handled already`)
    // run() gets only what this query has read.
    this.#entries.set(key, { query, run: run as RequestHandler<unknown, unknown> })
    return { [Symbol.dispose]: () => void this.#entries.delete(key) }
  }

  /** The answer to a request; undefined when it may not be answered. Never rejects. */
  async answer(iq: Iq, from: Jid): Promise<Iq | undefined> {
    try {
      const entry = this.#entries.get(keyOf(iq.type, iq.content.nsAt(0), iq.content.nameAt(0)))
      if (!entry) throw new StanzaError('service-unavailable')
      const { query, run } = entry
      const result = await run(query.request.read(iq.content.elementAt(0)), { iq, from })
      return resultOf(iq, query.writeResult(result))
    } catch (error) {
      return errorReply(iq, this.refusal(error))
    }
  }

  /** What to tell the sender about an error. */
  refusal(error: unknown): StanzaError {
    if (error instanceof StanzaError) return error
    if (error instanceof Error && error.name === 'DecodeError') {
      return new StanzaError('bad-request', { text: error.message, cause: error })
    }
    this.#failed(error)
    return new StanzaError('internal-server-error', { cause: error })
  }
}

function keyOf(type: string, ns: string, name: string): string {
  return `${type} {${ns}}${name}`
}
