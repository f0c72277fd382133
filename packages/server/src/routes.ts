/**
 * The web door: what a host answers over HTTP, in the `Request` and `Response` of the web platform. Who listens, and by which library, is
 * the app's business.
 */

/** Who sends a request, as whoever listens knows it. */
export interface Visitor {
  /** Address of the client; a trusted proxy's word for it where there is one. */
  readonly address: string
  /** Whether it travels encrypted from the client on, be it to us or to a trusted proxy. */
  readonly encrypted: boolean
  /** Told by a handler that takes a long body: it watches over the time of that itself. Others have little of it. */
  unhurried?(): void
}

/** What a handler knows of a request besides itself. */
export interface Visit extends Visitor {
  /** Values of the `:name` parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** Answers a request; undefined: this host knows nothing of it, and another one may. What it throws is logged and is a 500. */
export type RouteHandler = (request: Request, visit: Visit) => Response | undefined | Promise<Response | undefined>

/** How a route is treated. */
export interface RouteOptions {
  /** Whether pages of all origins may use it, without credentials; preflights are answered then. Default false. */
  readonly cors?: boolean
}

interface Route {
  readonly method: string
  readonly path: string
  readonly parts: readonly string[]
  readonly run: RouteHandler
  readonly cors: boolean
}

/** How long a browser may remember the answer to a preflight. */
const PREFLIGHT_SECONDS = 7200

/** The routes of one host. */
export class Routes {
  readonly #routes: Route[] = []

  /**
   * @param path parts between slashes; `:name` takes any one part that is not empty
   * @throws {TypeError} there is one already
   */
  add(method: string, path: string, run: RouteHandler, { cors = false }: RouteOptions = {}): Disposable {
    if (!path.startsWith('/')) throw new TypeError(`A path begins with a slash, which ${path} does not`)
    if (this.#routes.some(route => route.method === method && route.path === path))
      throw new TypeError(`Two routes answer ${method} ${path}`)
    const route = { method, path, parts: path.split('/'), run, cors }
    this.#routes.push(route)
    return { [Symbol.dispose]: () => void this.#routes.splice(this.#routes.indexOf(route), 1) }
  }

  /** Answers a request; undefined: nothing here is at that path. */
  async answer(request: Request, visitor: Visitor): Promise<Response | undefined> {
    const parts = new URL(request.url).pathname.split('/')
    const there = this.#routes.filter(route => matches(route.parts, parts))
    if (there.length === 0) return undefined
    const route =
      there.find(({ method }) => method === request.method) ??
      (request.method === 'HEAD' ? there.find(({ method }) => method === 'GET') : undefined)
    if (!route) return withoutHandler(request, there)
    const params = paramsOf(route.parts, parts)
    if (!params) return undefined
    const response = await route.run(request, {
      address: visitor.address,
      encrypted: visitor.encrypted,
      params,
      unhurried: () => visitor.unhurried?.(),
    })
    if (response && route.cors) response.headers.set('access-control-allow-origin', '*')
    return response
  }
}

/** A preflight, or a method that nobody takes. */
function withoutHandler(request: Request, there: readonly Route[]): Response {
  const methods = [...new Set(there.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))]
  const allow = methods.join(', ')
  if (request.method !== 'OPTIONS' || !there.some(({ cors }) => cors))
    return new Response(null, { status: 405, headers: { allow } })
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': allow,
      // The star does not stand for Authorization (Fetch standard §4.8).
      'access-control-allow-headers': '*, Authorization',
      'access-control-max-age': String(PREFLIGHT_SECONDS),
    },
  })
}

function matches(route: readonly string[], parts: readonly string[]): boolean {
  if (route.length !== parts.length) return false
  return route.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
}

/** Undefined: a part is not percent-encoded UTF-8. */
function paramsOf(route: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  try {
    for (const [index, part] of route.entries())
      if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(parts[index] ?? '')
  } catch {
    return undefined
  }
  return params
}

/** A host as requests find it. */
export interface RoutedHost {
  readonly domain: string
  readonly routes: Routes
}

/**
 * Answers a request by the host that its address names. One that names none of ours has come through a proxy, or by another name of the
 * machine: all are asked.
 */
export async function respond(
  hosts: ReadonlyMap<string, RoutedHost>,
  request: Request,
  visitor: Visitor,
): Promise<Response> {
  const { hostname } = new URL(request.url)
  const all = [...hosts.values()]
  const named = all.filter(({ domain }) => asciiOf(domain) === hostname)
  for (const { routes } of named.length > 0 ? named : all) {
    const response = await routes.answer(request, visitor)
    if (response) return response
  }
  return new Response(null, { status: 404 })
}

/** A domain as it is written in addresses of the web; empty: it cannot be. */
function asciiOf(domain: string): string {
  return URL.parse(`http://${domain}`)?.hostname ?? ''
}
