/** A user agent with its push service, for tests: takes notifications over HTTPS, checks who sends, and decrypts by RFC 8291 as it is written. */

import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify, type ECDH } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { selfSigned } from '@tercet/net'

/** What a user agent has made for one app (RFC 8291 §3.1, §3.2). */
export class Subscription {
  readonly #key: ECDH
  readonly #auth: Uint8Array

  constructor(auth: Uint8Array = randomBytes(16), privateKey?: Uint8Array) {
    this.#auth = auth
    this.#key = createECDH('prime256v1')
    if (privateKey) this.#key.setPrivateKey(privateKey)
    else this.#key.generateKeys()
  }

  get keys(): { p256dh: string; auth: string } {
    return { p256dh: this.#key.getPublicKey('base64url'), auth: Buffer.from(this.#auth).toString('base64url') }
  }

  /** RFC 8188 §2, §3; RFC 8291 §3.4. One record, as §4 wants. */
  decrypt(body: Buffer): string {
    const salt = body.subarray(0, 16)
    const recordSize = body.readUInt32BE(16)
    const sender = body.subarray(21, 21 + body.readUInt8(20))
    const record = body.subarray(21 + sender.length)
    if (sender.length !== 65 || record.length > recordSize) throw new Error('Not one record of a sender')
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#key.getPublicKey(), sender])
    const ikm = hkdf(this.#key.computeSecret(sender), this.#auth, info, 32)
    const key = hkdf(ikm, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
    const nonce = hkdf(ikm, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
    const decipher = createDecipheriv('aes-128-gcm', key, nonce)
    decipher.setAuthTag(record.subarray(-16))
    const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
    const end = plain.lastIndexOf(2)
    if (plain.subarray(end + 1).some(byte => byte !== 0)) throw new Error('No padding')
    return plain.subarray(0, end).toString()
  }
}

function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length))
}

/** A notification as the push service got it. */
export interface Received {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What the push service answers. */
export interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

/** A push service on loopback that calls itself `push.test`, or has no name and no TLS. */
export async function pushService(answer: (received: Received) => Answer | undefined, { tls = true } = {}) {
  const credential = selfSigned({ domains: ['push.test'] })
  const received: Received[] = []
  const server = tls ? createHttpsServer({ cert: credential.cert, key: credential.key }) : createHttpServer()
  let connections = 0
  let cut = 0
  server.on(tls ? 'secureConnection' : 'connection', () => connections++)
  server.on('request', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const got = { url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) }
      received.push(got)
      const said = answer(got)
      // Undefined: it says nothing at all.
      if (!said) return
      response.on('close', () => (cut += response.writableFinished ? 0 : 1))
      response.writeHead(said.status, said.headers).end(said.body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    received,
    ca: [credential.cert],
    origin: tls ? `https://push.test:${port}` : `http://127.0.0.1:${port}`,
    /** Finds `push.test` on this machine. */
    resolver: { addresses: () => Promise.resolve([{ address: '127.0.0.1', family: 4 as const }]) },
    get connections() {
      return connections
    },
    /** Answers that nobody read to their end. */
    get cut() {
      return cut
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

/** Checks who sends (RFC 8292 §2, §3) and gives what the token says. @throws {Error} the signature is wrong */
export function claimsOf(authorization: string | undefined): { key: string; claims: Record<string, unknown> } {
  const [, token = '', key = ''] = /^vapid t=([\w-]+\.[\w-]+\.[\w-]+), k=([\w-]+)$/.exec(authorization ?? '') ?? []
  const [head = '', payload = '', signature = ''] = token.split('.')
  const point = Buffer.from(key, 'base64url')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const publicKey = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const }
  if (!verify('sha256', Buffer.from(`${head}.${payload}`), publicKey, Buffer.from(signature, 'base64url')))
    throw new Error('A wrong signature')
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  if (JSON.stringify(read(head)) !== '{"typ":"JWT","alg":"ES256"}') throw new Error('Another kind of token')
  return { key, claims: read(payload) as Record<string, unknown> }
}
