/** The page behind the one-time link, as HTTP sees it. */

import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../address.ts'
import { UserError } from '../user-error.ts'
import type { Invitation } from './invitation.ts'
import { contentSecurityPolicy, donePage, formPage, gonePage, refusedPage, type Page } from './page.ts'

/** Where the page is; the token follows. */
export const PREFIX = '/first-account/'

const LINK = /^\/first-account\/([A-Za-z0-9_-]{1,128})(?:\?.*)?$/

const MAX_BODY_BYTES = 8192

/** Headers of every page: nothing is kept, nothing is told, nothing is loaded. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentSecurityPolicy,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Answers a request below {@link PREFIX}. @param isEncrypted whether it came over TLS */
export async function firstAccount(
  invitation: Invitation,
  request: IncomingMessage,
  isEncrypted: boolean,
): Promise<Page> {
  // A password is about to be typed.
  if (!isEncrypted && !isLoopback(request.socket.remoteAddress))
    return refusedPage(403, 'Open this link with https: passwords do not travel unencrypted')
  const [, token] = LINK.exec(request.url ?? '') ?? []
  if (token === undefined || !(await invitation.admits(token))) return gonePage()
  const { domain } = invitation.host
  if (request.method !== 'POST') return formPage(domain)
  if (isForeign(request)) return refusedPage(403, 'The form was sent by another site')
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(request.headers['content-type'] ?? ''))
    return refusedPage(400, 'This is not the form of this page')
  const body = await readBody(request)
  if (body === undefined) return refusedPage(413, 'This is not the form of this page')
  const form = new URLSearchParams(body)
  const name = (form.get('name') ?? '').trim()
  try {
    const jid = await invitation.spend(token, name, form.get('password') ?? '')
    return jid === undefined ? gonePage() : donePage(jid)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return formPage(domain, { name, problem: error.message })
  }
}

/** Sent by a page of another origin. The token in the address already keeps others out; this keeps a leaked one from helping. */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin } = headers
  if (origin === undefined) return false
  // A page with `no-referrer` sends "null"; then the header above has told.
  if (origin === 'null') return site === undefined
  return !URL.canParse(origin) || new URL(origin).host !== headers.host
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Without an encoding, a request gives buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
