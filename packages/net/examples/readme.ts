import { clientTls, dial, listen, selfSigned, serverTls } from '@tercet/net'

const certificate = selfSigned({ domains: ['example.org'] })
const tls = serverTls({ contexts: { 'example.org': certificate }, defaultName: 'example.org' })

// A server with direct TLS on a free port, which sends back what it hears.
const listener = await listen({ address: '127.0.0.1', port: 0, tls }, transport => {
  transport.start({
    chunk: bytes => transport.write(new TextDecoder().decode(bytes)),
    drained: () => {},
    ended: () => transport.close(),
    closed: () => {},
  })
})

// A client; without `target` it would ask the DNS who serves example.org.
const transport = await dial('example.org', {
  target: { host: '127.0.0.1', port: listener.port, directTls: true },
  tls: clientTls({ domain: 'example.org', ca: certificate.cert }),
})
const echo = Promise.withResolvers<string>()
transport.start({
  chunk: bytes => echo.resolve(new TextDecoder().decode(bytes)),
  drained: () => {},
  ended: () => {},
  closed: () => {},
})
transport.write('<presence/>')
export const heard = await echo.promise
console.log(heard, transport.tls?.protocol) // <presence/> TLSv1.3

transport.close()
await listener.close()
