import { expect, test } from 'vitest'
import { respond, Routes, type RouteHandler, type RoutedHost } from './routes.ts'

const visitor = { address: '192.0.2.1', encrypted: true }
const says =
  (text: string): RouteHandler =>
  () =>
    new Response(text)

function hostsOf(...domains: string[]): Map<string, RoutedHost> {
  return new Map(domains.map(domain => [domain, { domain, routes: new Routes() }]))
}

const ask = (hosts: Map<string, RoutedHost>, url: string, method = 'GET'): Promise<Response> =>
  respond(hosts, new Request(url, { method }), visitor)

test('a route gets what its path names, decoded, and who asks', async () => {
  const hosts = hostsOf('a.test')
  hosts
    .get('a.test')!
    .routes.add('GET', '/files/:slot/:name', (request, { params, address, encrypted }) =>
      Response.json({ params, address, encrypted, method: request.method }),
    )
  expect(await (await ask(hosts, 'https://a.test/files/x/caf%C3%A9%2F..?q')).json()).toEqual({
    params: { slot: 'x', name: 'café/..' },
    ...visitor,
    method: 'GET',
  })
})

test.each([
  ['a part more', '/files/x/y'],
  ['a part less', '/files'],
  ['an empty part', '/files/'],
  ['something else', '/other/x'],
  ['no percent-encoding', '/files/%ff'],
  ['a way around', '/files/../other'],
])('nothing is there: %s', async (_, path) => {
  const hosts = hostsOf('a.test')
  hosts.get('a.test')!.routes.add('GET', '/files/:slot', says('here'))
  expect((await ask(hosts, `https://a.test${path}`)).status).toBe(404)
})

test('the host that is named answers alone; if none is, the first that knows', async () => {
  const hosts = hostsOf('a.test', 'bücher.test')
  for (const { domain, routes } of hosts.values()) routes.add('GET', '/', says(domain))
  hosts.get('bücher.test')!.routes.add('GET', '/own', says('own'))
  expect(await (await ask(hosts, 'https://b%C3%BCcher.test/')).text()).toBe('bücher.test')
  expect(await (await ask(hosts, 'https://proxied.example/')).text()).toBe('a.test')
  expect(await (await ask(hosts, 'https://proxied.example/own')).text()).toBe('own')
  expect((await ask(hosts, 'https://a.test/own')).status).toBe(404)
})

test('a handler that knows nothing of it leaves it to the next host', async () => {
  const hosts = hostsOf('a.test', 'b.test')
  hosts.get('a.test')!.routes.add('GET', '/:slot', () => undefined)
  hosts.get('b.test')!.routes.add('GET', '/:slot', says('b'))
  expect(await (await ask(hosts, 'https://proxied.example/x')).text()).toBe('b')
})

test('HEAD is answered as GET; what nobody takes is 405 with what is taken (RFC 9110 §9.3.2, §15.5.6)', async () => {
  const hosts = hostsOf('a.test')
  const { routes } = hosts.get('a.test')!
  routes.add('GET', '/x', says('x'))
  routes.add('PUT', '/x', says('put'))
  expect((await ask(hosts, 'https://a.test/x', 'HEAD')).status).toBe(200)
  expect(await (await ask(hosts, 'https://a.test/x', 'PUT')).text()).toBe('put')
  for (const method of ['POST', 'OPTIONS']) {
    const { status, headers } = await ask(hosts, 'https://a.test/x', method)
    expect([status, headers.get('allow'), headers.get('access-control-allow-origin')]).toEqual([
      405,
      'GET, HEAD, PUT',
      null,
    ])
  }
})

test('pages of other origins may use what says so, and ask before (Fetch §3.3)', async () => {
  const hosts = hostsOf('a.test')
  const { routes } = hosts.get('a.test')!
  routes.add('PUT', '/x', says('put'), { cors: true })
  routes.add('GET', '/closed', says('closed'))
  const preflight = await ask(hosts, 'https://a.test/x', 'OPTIONS')
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toBe('PUT')
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
  expect((await ask(hosts, 'https://a.test/x', 'PUT')).headers.get('access-control-allow-origin')).toBe('*')
  expect((await ask(hosts, 'https://a.test/closed')).headers.has('access-control-allow-origin')).toBe(false)
})

test('a path has one route for each method, until that is disposed of', () => {
  const routes = new Routes()
  const first = routes.add('GET', '/x', says('x'))
  expect(() => routes.add('GET', '/x', says('y'))).toThrow('Two routes answer GET /x')
  expect(() => routes.add('GET', 'x', says('y'))).toThrow(TypeError)
  first[Symbol.dispose]()
  routes.add('GET', '/x', says('y'))
})
