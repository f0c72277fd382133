/**
 * Writes down what a client sends, as it sent it: a relay between client and server that ends TLS on both sides.
 * The samples are for testing XML readers with what real clients write.
 */

import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, TLSSocket, type SecureContextOptions } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import type { ServerUnderTest } from './servers/server-under-test.ts'

/** One connection's bytes from the client, in the order of arrival; for WebSocket one part per message. */
interface Recording {
  readonly door: string
  readonly parts: string[]
}

/** The certificate that the relay shows, and the one it expects of the server behind. */
interface Credentials {
  readonly shown: SecureContextOptions
  readonly ca: Buffer
  readonly domain: string
}

/** Puts a relay before every door of `server`; stopping it writes samples/<client>.xml.txt and leaves `server` running. */
export async function recorded(server: ServerUnderTest, client: string): Promise<ServerUnderTest> {
  const credentials: Credentials = {
    shown: { cert: readFileSync(server.certificateFile), key: readFileSync(server.keyFile) },
    ca: readFileSync(server.caFile),
    domain: server.domain,
  }
  const recordings: Recording[] = []
  const record = (door: string): Recording => {
    const recording = { door, parts: [] }
    recordings.push(recording)
    return recording
  }
  const doors = [
    relayStartTls(server.c2sPort, credentials, record),
    relayTls(server.c2sTlsPort, credentials, record),
    relayWebSocket(server.wsUrl, credentials, record),
  ]
  const [c2sPort = 0, c2sTlsPort = 0, wsPort = 0] = await Promise.all(doors.map(listen))
  const stop = () => {
    for (const door of doors) door.close()
    const file = new URL(`../samples/${client}.xml.txt`, import.meta.url)
    mkdirSync(new URL('.', file), { recursive: true })
    writeFileSync(file, sample(recordings))
    return Promise.resolve()
  }
  const wsUrl = `wss://127.0.0.1:${wsPort}${new URL(server.wsUrl).pathname}`
  return { ...server, host: '127.0.0.1', c2sPort, c2sTlsPort, wsUrl, stop, [Symbol.asyncDispose]: stop }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening IP server has an address of this shape.
  return (server.address() as AddressInfo).port
}

/** RFC 6120 §5: bytes pass until the server says `<proceed/>`, and then both sides turn to TLS. */
function relayStartTls(port: number, credentials: Credentials, record: (door: string) => Recording): Server {
  return createServer(client => {
    const recording = record('STARTTLS')
    const server = connect(port, '127.0.0.1')
    couple(client, server)
    client.on('data', bytes => pass(bytes, server, recording))
    let said = ''
    server.on('data', bytes => {
      client.write(bytes)
      said += bytes.toString('latin1')
      if (!/<proceed[^>]*>/u.test(said)) return
      client.removeAllListeners('data')
      server.removeAllListeners('data')
      const { shown, ca, domain } = credentials
      relay(
        new TLSSocket(client, { isServer: true, ...shown }),
        connectTls({ socket: server, ca, servername: domain }),
        recording,
      )
    })
  })
}

/** XEP-0368. */
function relayTls(port: number, { shown, ca, domain }: Credentials, record: (door: string) => Recording): Server {
  return createTlsServer(shown, client => {
    const server = connectTls({ port, host: '127.0.0.1', ca, servername: domain, ALPNProtocols: ['xmpp-client'] })
    relay(client, server, record('direct TLS'))
  })
}

function relay(client: Socket, server: Socket, recording: Recording): void {
  couple(client, server)
  client.on('data', bytes => pass(bytes, server, recording))
  server.pipe(client)
}

function pass(bytes: Buffer, server: Socket, { parts }: Recording): void {
  // One character per byte, so that a character cut by a chunk border survives; sample() turns it into UTF-8 again.
  parts[0] = (parts[0] ?? '') + bytes.toString('latin1')
  server.write(bytes)
}

/** What ends one ends the other; a client that refuses our certificate is an error here, and none of ours. */
function couple(one: Socket, other: Socket): void {
  for (const [socket, partner] of [
    [one, other],
    [other, one],
  ] as const) {
    socket.on('error', () => partner.destroy())
    socket.on('close', () => partner.end())
  }
}

/** RFC 7395. */
function relayWebSocket(url: string, { shown, ca }: Credentials, record: (door: string) => Recording): Server {
  const https = createHttpsServer(shown)
  const sockets = new WebSocketServer({ server: https, handleProtocols: () => 'xmpp' })
  sockets.on('connection', client => {
    const { parts } = record('WebSocket')
    const server = new WebSocket(url, 'xmpp', { ca })
    const waiting: string[] = []
    client.on('message', (data: Buffer) => {
      parts.push(data.toString('latin1'))
      if (server.readyState === WebSocket.OPEN) server.send(data.toString())
      else waiting.push(data.toString())
    })
    server.on('open', () => {
      for (const text of waiting) server.send(text)
    })
    server.on('message', (data: Buffer) => client.send(data.toString()))
    client.on('close', () => server.close()).on('error', () => server.terminate())
    server.on('close', () => client.close()).on('error', () => client.terminate())
  })
  // The library listens to the server's errors itself; without this a refused handshake would be one that nobody hears.
  https.on('tlsClientError', () => {})
  return https
}

/** All streams of all connections under headings, without what proves who the client is. */
function sample(recordings: readonly Recording[]): string {
  const pieces: string[] = []
  for (const { door, parts } of recordings) {
    for (const part of parts) {
      const text = Buffer.from(part, 'latin1').toString('utf8')
      for (const stream of door === 'WebSocket' ? [text] : streamsOf(text))
        pieces.push(`----- ${door}\n${redact(stream)}\n`)
    }
  }
  return pieces.join('')
}

/** The streams of one connection: a client has one before TLS, one before SASL and one after it (RFC 6120 §4.3.3). */
export function streamsOf(text: string): string[] {
  return text
    .split(/(?=<\?xml[^>]*\?>\s*<stream:stream)|(?<!\?>\s*)(?=<stream:stream)/u)
    .filter(stream => stream !== '')
}

/** Replaces the contents of SASL elements (RFC 6120 §6.4, XEP-0388): names, nonces, proofs, passwords. */
export function redact(text: string): string {
  return text.replaceAll(
    /(<(?:\w+:)?(auth|response|initial-response|task-data)(?:\s[^<>]*)?>)[^<>]+(?=<\/)/gu,
    (_, tag: string) => `${tag}UkVEQUNURUQ=`,
  )
}
