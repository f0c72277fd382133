/**
 * Sends notifications to push services over HTTPS (RFC 8030). Where they are is what users say, so nothing is connected to that is not a public
 * address, no redirection is followed, and nothing that comes back is shown to anybody. By node:https, since its sockets take a lookup of ours.
 */

import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import { dnsResolver, guardedLookup, guardLiteral, isPublicAddress, type Resolver } from '@tercet/net'
import type { PushEndpoint, PushOutcome, PushSender, WebPush } from '@tercet/server'
import { encrypt, keysRefusal, padded } from './encrypt.ts'
import { newKey, openVapid } from './vapid.ts'

/** Options of {@link webPush}; all have defaults. */
export interface WebPushOptions {
  /** Default: the system's name servers. */
  readonly resolver?: Pick<Resolver, 'addresses'>
  /** Roots in addition to Node's, PEM. */
  readonly ca?: readonly string[]
  /** For one notification, from the name to the answer. Default 10 000. */
  readonly timeoutMs?: number
}

const MAX_URL = 2048
/** An answer is a status; what else comes is read so far, to keep the connection, and no further. */
const MAX_ANSWER_BYTES = 16_384
const sockets = { keepAlive: true, timeout: 60_000, maxSockets: 32, maxTotalSockets: 256, maxFreeSockets: 8 }

/** Sends by Node's own HTTP. */
export function webPush({ resolver = dnsResolver(), ca = [], timeoutMs = 10_000 }: WebPushOptions = {}): WebPush {
  return {
    newKey,
    async open({ key, contact, privateAddresses }): Promise<PushSender> {
      const vapid = await openVapid(key, contact)
      const allow = privateAddresses ? () => true : isPublicAddress
      const lookup = guardedLookup(resolver, allow)
      const secure = new HttpsAgent({
        ...sockets,
        lookup,
        ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] }),
      })
      const plain = new HttpAgent({ ...sockets, lookup })
      return {
        publicKey: vapid.publicKey,
        refusal: endpoint => addressRefusal(endpoint, allow, privateAddresses) ?? keysRefusal(endpoint),
        async send(endpoint, { payload, ttlSeconds, urgency, topic }, { signal }) {
          // What was registered under another configuration may not be acceptable any more.
          const refusal = addressRefusal(endpoint, allow, privateAddresses)
          if (refusal !== undefined) return { kind: 'refused', reason: refusal }
          const { protocol, origin } = new URL(endpoint.url)
          const body = encrypt(endpoint, padded(payload))
          const options = {
            method: 'POST',
            signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
            headers: {
              authorization: await vapid.authorization(origin),
              'content-encoding': 'aes128gcm',
              'content-type': 'application/octet-stream',
              'content-length': body.length,
              ttl: ttlSeconds,
              urgency,
              topic,
            },
          }
          try {
            const { promise, resolve, reject } = Promise.withResolvers<PushOutcome>()
            const answered = (answer: IncomingMessage): void => {
              drain(answer)
              resolve(outcomeOf(answer))
            }
            const asked =
              protocol === 'https:'
                ? requestHttps(endpoint.url, { ...options, agent: secure }, answered)
                : requestHttp(endpoint.url, { ...options, agent: plain }, answered)
            asked.on('error', reject)
            asked.end(body)
            return await promise
          } catch (error) {
            return { kind: 'later', reason: failure(error) }
          }
        },
      }
    },
  }
}

function addressRefusal(
  { url }: PushEndpoint,
  allow: (address: string) => boolean,
  privateAddresses: boolean,
): string | undefined {
  const parsed = url.length <= MAX_URL ? URL.parse(url) : null
  if (!parsed) return 'endpoint is not an address'
  if (parsed.protocol !== 'https:' && !(privateAddresses && parsed.protocol === 'http:'))
    return 'endpoint has to begin with https:'
  if (parsed.username !== '' || parsed.password !== '') return 'endpoint has a password'
  try {
    guardLiteral(url, allow)
    return undefined
  } catch {
    return 'endpoint is not on the public Internet'
  }
}

/** RFC 8030 §5, §7.3, §8.4. */
function outcomeOf({ statusCode: status = 0, headers }: IncomingMessage): PushOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' }
  const reason = `its push service says ${status}`
  if (status === 404 || status === 410) return { kind: 'gone', reason }
  if (status !== 408 && status !== 429 && status < 500) return { kind: 'refused', reason }
  const afterMs = pause(headers['retry-after'])
  return { kind: 'later', reason, ...(afterMs === undefined ? {} : { afterMs }) }
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function pause(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return ms > 0 ? ms : undefined
}

function drain(answer: IncomingMessage): void {
  let size = 0
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) answer.destroy()
  })
  // What matters was the status.
  answer.on('error', () => {})
}

function failure(error: unknown): string {
  const { name, code } = error as NodeJS.ErrnoException // what node:http gives is an error
  if (name === 'TimeoutError' || name === 'AbortError') return 'its push service does not answer'
  return `its push service cannot be reached${code === undefined ? '' : `: ${code}`}`
}
