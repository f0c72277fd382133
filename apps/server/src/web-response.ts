/** Requests of Node's HTTP server as those of the web platform, and the way back. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequest, sendResponse } from '@remix-run/node-fetch-server'
import type { Logger } from '@tercet/plugin'

/** What every answer has, unless it says something else: nothing is guessed, told, loaded, framed or kept. */
const defaultHeaders: readonly (readonly [string, string])[] = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cache-control', 'no-store'],
]

/** What {@link answerNode} needs around it. */
export interface Answering {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Whether the client's way to us is encrypted: it decides about the scheme of the request's address. */
  readonly encrypted: boolean
  readonly logger: Logger
}

/** Lets `answer` answer a request: 400 if it is none that the web platform knows, 500 if `answer` fails. Never rejects. */
export async function answerNode(
  { incoming, outgoing, encrypted, logger }: Answering,
  answer: (request: Request) => Promise<Response>,
): Promise<void> {
  const request = requestOf(incoming, outgoing, encrypted)
  let response: Response
  try {
    response = request ? await answer(request) : new Response(null, { status: 400 })
  } catch (error) {
    // A client that went away in the middle is nobody's fault.
    if (request?.signal.aborted !== true) logger.error({ err: error }, 'An HTTP request failed')
    response = new Response(null, { status: 500 })
  }
  try {
    if (outgoing.destroyed) {
      await response.body?.cancel()
      return
    }
    // What is left of a request that was refused is not read.
    if (!incoming.complete) outgoing.setHeader('connection', 'close')
    await sendResponse(outgoing, withDefaults(response))
  } catch (error) {
    logger.debug({ err: error }, 'An HTTP response was not sent whole')
    outgoing.destroy()
  }
}

/** Undefined: a Host that is no authority, or a method that scripts may not use. */
function requestOf(incoming: IncomingMessage, outgoing: ServerResponse, encrypted: boolean): Request | undefined {
  // RFC 9112 §3.2.2: clients may send the whole address; the host that counts is the one of the Host header all the same.
  incoming.url = incoming.url?.replace(/^https?:\/\/[^/?#]*/i, '')
  if (!incoming.url?.startsWith('/')) return undefined
  try {
    return createRequest(incoming, outgoing, { protocol: encrypted ? 'https:' : 'http:' })
  } catch {
    return undefined
  }
}

function withDefaults(response: Response): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of defaultHeaders) if (!headers.has(name)) headers.set(name, value)
  // What has no content says so, instead of an empty chunk.
  if (response.body === null && response.status !== 204 && response.status !== 304) headers.set('content-length', '0')
  return new Response(response.body, { status: response.status, headers })
}
