/** The connection manager of BOSH (XEP-0124 1.11.2): creates sessions, finds them again, and lets them go. */
import { randomBytes } from 'node:crypto'
import type { Transport } from '@tercet/stream'
import { readBody, terminateBody, type BoshCondition, type BoshRequest } from './body.ts'
import { BoshSession } from './session.ts'

/** Options of {@link boshAcceptor}. Times in seconds. */
export interface BoshOptions {
  /** A longer body is refused. Default 327 680. */
  readonly maxBodyBytes?: number
  /** Elements inside of elements, the wrapper included. Default 101. */
  readonly maxDepth?: number
  /** Longest time that a request waits for an answer. Default 60. */
  readonly wait?: number
  /** Longest time without a request. Default 60. */
  readonly inactivity?: number
  /** Longest silence that a client may announce. Default 120. */
  readonly maxPause?: number
  /** Least time between empty requests of a client that polls. Default 2. */
  readonly polling?: number
  /** Sessions at a time. Default 10 000. */
  readonly maxSessions?: number
  /** Sessions that one address may create within a minute: each costs a small request, and us a stream. Default 200. */
  readonly maxNewPerAddress?: number
  /** Origins whose pages may connect; absent means any. Requests without an `Origin` (no browser) always may. */
  readonly origins?: readonly string[] | undefined
  /** Told of clients that are refused, for the log. */
  readonly onRefused?: (condition: BoshCondition, address: string) => void
}

/** Who sends a request. */
export interface BoshVisitor {
  readonly address: string
  readonly encrypted: boolean
}

/** Answers the requests of BOSH clients. */
export interface BoshAcceptor extends Disposable {
  /** Never rejects. */
  respond(request: Request, visitor: BoshVisitor): Promise<Response>
  readonly sessions: number
}

/** The highest version that we speak. */
const VERSION: readonly [number, number] = [1, 11]
const MINUTE_MS = 60_000

/** Makes the other half of an HTTP listener, at one path of it. `accept` gets the transport of each new session. */
export function boshAcceptor(options: BoshOptions, accept: (transport: Transport) => void): BoshAcceptor {
  return new Acceptor(options, accept)
}

class Acceptor implements BoshAcceptor {
  readonly #options: BoshOptions
  readonly #accept: (transport: Transport) => void
  readonly #sessions = new Map<string, BoshSession>()
  /** How many sessions addresses have created in this minute. */
  #created = new Map<string, number>()
  readonly #minutes: NodeJS.Timeout

  constructor(options: BoshOptions, accept: (transport: Transport) => void) {
    this.#options = options
    this.#accept = accept
    this.#minutes = setInterval(() => (this.#created = new Map()), MINUTE_MS).unref()
  }

  get sessions(): number {
    return this.#sessions.size
  }

  [Symbol.dispose](): void {
    clearInterval(this.#minutes)
  }

  async respond(request: Request, visitor: BoshVisitor): Promise<Response> {
    const { origins, maxBodyBytes = 327_680, maxDepth = 101 } = this.#options
    const origin = request.headers.get('origin')
    if (origins !== undefined && origin !== null && !origins.includes(origin))
      return new Response(null, { status: 403 })
    if (request.method === 'OPTIONS') return preflight()
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST, OPTIONS' } })
    const text = await readText(request, maxBodyBytes)
    const body = text === undefined ? undefined : readQuietly(text, { maxBytes: maxBodyBytes, maxDepth })
    if (!body) return this.#refused('bad-request', visitor)
    if (body.sid === undefined) return this.#create(body, request.signal, visitor)
    const session = this.#sessions.get(body.sid)
    // §19.1: over a connection that is not encrypted it is as if there were none, and the session lives on.
    if (!session || (session.terms.encrypted && !visitor.encrypted)) return this.#refused('item-not-found', visitor)
    return xml(await session.take(body, request.signal), session.terms.content)
  }

  async #create(body: BoshRequest, signal: AbortSignal, visitor: BoshVisitor): Promise<Response> {
    const { maxSessions = 10_000, maxNewPerAddress = 200 } = this.#options
    const { wait = 60, inactivity = 60, maxPause = 120, polling = 2 } = this.#options
    const { address, encrypted } = visitor
    if (body.to === undefined || body.to === '') return this.#refused('improper-addressing', visitor)
    const created = this.#created.get(address) ?? 0
    if (this.#sessions.size >= maxSessions || created >= maxNewPerAddress)
      return this.#refused('policy-violation', visitor)
    this.#created.set(address, created + 1)
    const session = new BoshSession(
      {
        sid: randomBytes(24).toString('base64url'),
        wait: Math.min(body.wait ?? wait, wait),
        hold: Math.min(body.hold ?? 1, 1),
        inactivity,
        maxPause,
        polling,
        version: lower(body.version),
        acks: body.ack === 1,
        remote: { address, port: 0 },
        encrypted,
        content: body.content,
      },
      body,
      ({ terms }) => this.#sessions.delete(terms.sid),
    )
    this.#sessions.set(session.terms.sid, session)
    const answer = session.take(body, signal)
    try {
      this.#accept(session)
    } catch (cause) {
      session.destroy(cause instanceof Error ? cause : new Error('The session was not accepted', { cause }))
    }
    return xml(await answer, session.terms.content)
  }

  #refused(condition: BoshCondition, { address }: BoshVisitor): Response {
    this.#options.onRefused?.(condition, address)
    return xml(terminateBody(condition))
  }
}

/** Undefined: too long, not UTF-8, or its sender went away. */
async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes || !request.body) return undefined
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    // The body of a request is a stream of bytes by its specification.
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > maxBytes) return undefined
      chunks.push(chunk)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    return undefined
  }
}

function readQuietly(text: string, limits: Parameters<typeof readBody>[1]): BoshRequest | undefined {
  try {
    return readBody(text, limits)
  } catch {
    return undefined
  }
}

/** §7.2: the lower one of both versions, whose parts are numbers of their own. */
function lower(theirs: string | undefined): string {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(theirs ?? '') ?? []
  const isLower = Number(major) < VERSION[0] || (Number(major) === VERSION[0] && Number(minor) < VERSION[1])
  return isLower ? `${Number(major)}.${Number(minor)}` : VERSION.join('.')
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '7200',
    },
  })
}

/** §5: what the client's platform wants to hear, of what does no harm. */
function xml(text: string, content?: string): Response {
  const type = /^(?:text|application)\/(?:xml|plain)(?:; ?charset=utf-8)?$/i.test(content ?? '') ? content! : undefined
  return new Response(text, {
    headers: {
      'content-type': type ?? 'text/xml; charset=utf-8',
      // §4: intermediaries keep back what comes in pieces.
      'content-length': String(Buffer.byteLength(text)),
      'access-control-allow-origin': '*',
    },
  })
}
