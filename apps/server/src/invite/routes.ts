/** The pages of invitations at `/invite/TOKEN`: looking at one changes nothing, its form makes an account. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { HourlyLimit, networkOf, type Host, type RouteHandler, type Server, type Visit } from '@tercet/server'
import { invites, type Invite, type Invites } from '@tercet/server/modules'
import { isLoopback } from '../address.ts'
import { derive, locate } from '../operations/account.ts'
import { UserError } from '../user-error.ts'
import { pageHeaders, type Page } from './html.ts'
import { donePage, gonePage, invitePage, refusedPage } from './page.ts'

/** Where the pages are; the token follows. */
export const PREFIX = '/invite/'

const PATH = `${PREFIX}:token`
const COOKIE = 'tercet-invite'
const MAX_BODY_BYTES = 8192
/** Forms from one network in an hour, and looks at what is no invitation. */
const MAX_FORMS = 60
const MAX_MISSES = 120

interface Found {
  readonly host: Host
  readonly made: Invites
  readonly invite: Invite
}

/** Serves the pages of all hosts of a server. */
export function mountInvites(server: Server): void {
  const [first] = server.hosts.values()
  if (!first) return
  const pages = new Pages(server, first)
  for (const host of server.hosts.values()) {
    host.route('GET', PATH, pages.look)
    host.route('POST', PATH, pages.send)
  }
}

class Pages {
  readonly #server: Server
  readonly #forms: HourlyLimit
  readonly #misses: HourlyLimit
  /** Signs what proves that a form is ours; forms that were opened before a restart are opened again. */
  readonly #secret = randomBytes(32)

  constructor(server: Server, host: Host) {
    this.#server = server
    this.#forms = new HourlyLimit(host, MAX_FORMS)
    this.#misses = new HourlyLimit(host, MAX_MISSES)
  }

  readonly look: RouteHandler = async (request, visit) => {
    const found = await this.#find(visit)
    if ('status' in found) return respond(found)
    const cookie = cookieOf(request) ?? randomBytes(18).toString('base64url')
    const shown = this.#shown(request, visit, found, cookie)
    return respond(invitePage(shown), cookieHeader(cookie, visit.encrypted))
  }

  readonly send: RouteHandler = async (request, visit) => {
    const found = await this.#find(visit)
    if ('status' in found) return respond(found)
    if (!this.#forms.take(networkOf(visit.address))) return respond(tooMany())
    if (isForeign(request)) return respond(refusedPage(403, 'The form was sent by another site'))
    if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(request.headers.get('content-type') ?? ''))
      return respond(refusedPage(400, 'This is not the form of this page'))
    const body = await readBody(request)
    if (body === undefined) return respond(refusedPage(413, 'This is not the form of this page'))
    const form = new URLSearchParams(body)
    const cookie = cookieOf(request)
    const token = tokenOf(visit)
    if (cookie === undefined || !equal(form.get('csrf') ?? '', this.#sign(cookie, token)))
      return respond(refusedPage(403, 'Open the link again: this form is not from here, or too old'))
    const name = (form.get('name') ?? '').trim()
    const userAgent = request.headers.get('user-agent') ?? ''
    try {
      const jid = await this.#register(found, name, form.get('password') ?? '')
      return respond(jid === undefined ? gonePage() : donePage(jid, userAgent))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return respond(invitePage(this.#shown(request, visit, found, cookie), { name, problem: error.message }))
    }
  }

  async #find(visit: Visit): Promise<Found | Page> {
    // A password may be about to be typed.
    if (!visit.encrypted && !isLoopback(visit.address))
      return refusedPage(403, 'Open this link with https: passwords do not travel unencrypted')
    const token = tokenOf(visit)
    for (const host of this.#server.hosts.values()) {
      const made = host.services.get(invites)
      const invite = await made.find(token)
      if (invite) return { host, made, invite }
    }
    return this.#misses.take(networkOf(visit.address)) ? gonePage() : tooMany()
  }

  /** The address of the account; undefined: the invitation was used up meanwhile. @throws {UserError} name or password cannot be used */
  async #register({ host, made, invite }: Found, name: string, password: string): Promise<string | undefined> {
    if (name.includes('@') || name.includes('/')) throw new UserError('The name is the part before the @ alone')
    const { local, text } = locate(this.#server, `${name}@${host.domain}`)
    const keys = await derive(host, password)
    try {
      await made.register(invite, local, keys)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (!(await made.again(invite.hash))) return undefined
      // Refusals of the module and of the storage say what is wrong.
      if ('condition' in error && error.condition === 'conflict')
        throw new UserError('This name is taken', { cause: error })
      if (error.name === 'StanzaError') throw new UserError(error.message, { cause: error })
      throw error
    }
    host.logger.info({ account: local }, 'Account registered by invitation')
    return text
  }

  #shown(request: Request, visit: Visit, { host, made, invite }: Found, cookie: string) {
    const token = tokenOf(visit)
    return {
      domain: host.domain,
      invite,
      uri: made.uri(token, invite),
      csrf: this.#sign(cookie, token),
      userAgent: request.headers.get('user-agent') ?? '',
    }
  }

  #sign(cookie: string, token: string): string {
    return createHmac('sha256', this.#secret).update(`${cookie} ${token}`).digest('base64url')
  }
}

function tokenOf({ params }: Visit): string {
  return params['token'] ?? ''
}

function respond({ status, html }: Page, more: Readonly<Record<string, string>> = {}): Response {
  return new Response(html, { status, headers: { ...pageHeaders, ...more } })
}

function tooMany(): Page {
  return refusedPage(429, 'Too many attempts from your network; try again later')
}

function cookieHeader(value: string, secure: boolean): Record<string, string> {
  return { 'set-cookie': `${COOKIE}=${value}; Path=${PREFIX}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}` }
}

function cookieOf(request: Request): string | undefined {
  for (const part of (request.headers.get('cookie') ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2)
    if (name === COOKIE && value !== undefined && /^[\w-]{24}$/.test(value)) return value
  }
  return undefined
}

/** Sent by a page of another origin. */
function isForeign({ headers, url }: Request): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin' && site !== 'none') return true
  const origin = headers.get('origin')
  if (origin === null) return false
  // A page with `no-referrer` sends "null"; then the header above has told.
  if (origin === 'null') return site === null
  return !URL.canParse(origin) || new URL(origin).host !== new URL(url).host
}

async function readBody(request: Request): Promise<string | undefined> {
  if (!request.body) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Compares in a time that tells nothing. */
function equal(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)]
  return one.length === other.length && timingSafeEqual(one, other)
}
