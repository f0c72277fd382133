import { createECDH } from 'node:crypto'
import type { PushSender, WebNotification } from '@tercet/server'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { encrypt, padded } from './encrypt.ts'
import { claimsOf, pushService, Subscription, type Answer, type Received } from './user-agent.fixture.ts'
import { newKey, openVapid } from './vapid.ts'
import { webPush, type WebPushOptions } from './web-push.ts'

const bytes = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'base64url')
const notification: WebNotification = {
  payload: Buffer.from('{"count":1}'),
  ttlSeconds: 60,
  urgency: 'high',
  topic: 'tercet',
}
const { signal } = new AbortController()

describe('encryption', () => {
  test('the example of RFC 8291 §5, byte for byte', () => {
    const key = createECDH('prime256v1')
    key.setPrivateKey(bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'))
    const body = encrypt(
      {
        p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
        auth: 'BTBZMqHH6r4Tts7J_aSIgg',
      },
      Buffer.from('When I grow up, I want to be a watermelon'),
      { key, salt: bytes('DGv6ra1nlYgDCS1FRnbzlw') },
    )
    expect(body.toString('base64url')).toBe(
      `DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml
       mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT
       pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN`.replace(/\s/g, ''),
    )
  })

  test('the receiver of these tests reads that example (RFC 8291 §5)', () => {
    const receiver = new Subscription(
      bytes('BTBZMqHH6r4Tts7J_aSIgg'),
      bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'),
    )
    const body = bytes(`DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml
      mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT
      pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN`)
    expect(receiver.decrypt(body)).toBe('When I grow up, I want to be a watermelon')
  })

  test('whatever is encrypted is read by its receiver, and by nobody else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 700 }), text => {
        const [receiver, other] = [new Subscription(), new Subscription()]
        const body = encrypt(receiver.keys, Buffer.from(text))
        expect(receiver.decrypt(body)).toBe(text)
        expect(() => other.decrypt(body)).toThrow()
      }),
      { numRuns: 50 },
    )
  })

  test('lengths come in steps, and JSON stays what it was (RFC 8291 §7)', () => {
    const lengths = new Set<number>()
    for (let length = 0; length < 200; length++) {
      const json = JSON.stringify({ body: 'x'.repeat(length) })
      const longer = padded(Buffer.from(json))
      expect(JSON.parse(longer.toString())).toEqual(JSON.parse(json))
      lengths.add(longer.length)
    }
    expect([...lengths]).toEqual([128, 256])
  })
})

describe('who sends (RFC 8292)', () => {
  test('a token says for whom it is, until when, and whom to tell', async () => {
    const vapid = await openVapid(await newKey(), 'mailto:admin@a.test')
    const { key, claims } = claimsOf(await vapid.authorization('https://push.test'))
    expect(key).toBe(vapid.publicKey)
    expect(claims).toEqual({ aud: 'https://push.test', sub: 'mailto:admin@a.test', exp: expect.any(Number) as number })
    const hours = (Number(claims['exp']) - Date.now() / 1000) / 3600
    expect(hours).toBeGreaterThan(6)
    expect(hours).toBeLessThanOrEqual(24)
  })

  test('it is made once for each push service, and anew in time', async () => {
    const vapid = await openVapid(await newKey(), 'https://a.test')
    const first = await vapid.authorization('https://push.test')
    expect(await vapid.authorization('https://push.test')).toBe(first)
    expect(claimsOf(await vapid.authorization('https://other.test')).claims['aud']).toBe('https://other.test')
    vi.useFakeTimers({ now: Date.now() + 6 * 3_600_000 + 1, toFake: ['Date'] })
    try {
      expect(await vapid.authorization('https://push.test')).not.toBe(first)
    } finally {
      vi.useRealTimers()
    }
  })

  test('a key that was kept is the same key', async () => {
    const key = await newKey()
    expect((await openVapid(key, 'https://a.test')).publicKey).toBe((await openVapid(key, 'https://a.test')).publicKey)
    await expect(openVapid('{"kty":"RSA"}', 'https://a.test')).rejects.toThrow(TypeError)
  })
})

/** A push service that answers so, and a sender that finds it. */
async function served(answer: (received: Received) => Answer | undefined, options: WebPushOptions = {}) {
  const service = await pushService(answer)
  const sender = await webPush({ resolver: service.resolver, ca: service.ca, timeoutMs: 2000, ...options }).open({
    key: await newKey(),
    contact: 'https://a.test',
    privateAddresses: true,
  })
  const subscription = new Subscription()
  const endpoint = { url: `${service.origin}/p/1?x=2`, ...subscription.keys }
  return Object.assign(service, { sender, subscription, endpoint })
}

describe('a notification over HTTPS (RFC 8030 §5)', () => {
  test('arrives encrypted, with who sends it and what it is worth', async () => {
    await using there = await served(() => ({ status: 201 }))
    expect(await there.sender.send(there.endpoint, notification, { signal })).toEqual({ kind: 'sent' })
    const { url, headers, body } = there.received[0]!
    expect(url).toBe('/p/1?x=2')
    expect(headers).toMatchObject({ ttl: '60', urgency: 'high', topic: 'tercet', 'content-encoding': 'aes128gcm' })
    expect(JSON.parse(there.subscription.decrypt(body))).toEqual({ count: 1 })
    const { key, claims } = claimsOf(headers.authorization)
    expect(key).toBe(there.sender.publicKey)
    expect(claims['aud']).toBe(there.origin)
  })

  test('many go over one connection, one after the other', async () => {
    await using there = await served(() => ({ status: 201, body: 'created' }))
    for (let count = 0; count < 5; count++) {
      expect(await there.sender.send(there.endpoint, notification, { signal })).toEqual({ kind: 'sent' })
      // What comes behind the status is read before the connection is free again.
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(there.received).toHaveLength(5)
    expect(there.connections).toBeLessThan(5)
  })

  test.each<[string, Answer, object]>([
    ['200', { status: 200 }, { kind: 'sent' }],
    ['404', { status: 404 }, { kind: 'gone', reason: 'its push service says 404' }],
    ['410', { status: 410, body: 'secret words' }, { kind: 'gone', reason: 'its push service says 410' }],
    [
      '429',
      { status: 429, headers: { 'retry-after': '7' } },
      { kind: 'later', reason: 'its push service says 429', afterMs: 7000 },
    ],
    ['503', { status: 503 }, { kind: 'later', reason: 'its push service says 503' }],
    [
      '503 with nonsense',
      { status: 503, headers: { 'retry-after': 'soon' } },
      { kind: 'later', reason: 'its push service says 503' },
    ],
    ['403', { status: 403 }, { kind: 'refused', reason: 'its push service says 403' }],
    ['413', { status: 413 }, { kind: 'refused', reason: 'its push service says 413' }],
  ])('%s', async (_, answer, outcome) => {
    await using there = await served(() => answer)
    expect(await there.sender.send(there.endpoint, notification, { signal })).toEqual(outcome)
  })

  test('a date says when to come again (RFC 9110 §10.2.3)', async () => {
    await using there = await served(() => ({
      status: 503,
      headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() },
    }))
    const outcome = await there.sender.send(there.endpoint, notification, { signal })
    expect(outcome.kind === 'later' && outcome.afterMs).toBeGreaterThan(30_000)
  })
})

describe('a push service that is not to be trusted', () => {
  test('leads nowhere else', async () => {
    await using there = await served(({ url }) =>
      url === '/elsewhere' ? { status: 201 } : { status: 307, headers: { location: '/elsewhere' } },
    )
    expect(await there.sender.send(there.endpoint, notification, { signal })).toMatchObject({ kind: 'refused' })
    expect(there.received).toHaveLength(1)
  })

  test('says nothing, and is given up in time', async () => {
    await using there = await served(() => undefined, { timeoutMs: 100 })
    expect(await there.sender.send(there.endpoint, notification, { signal })).toEqual({
      kind: 'later',
      reason: 'its push service does not answer',
    })
  })

  test('says too much, and is not listened to', async () => {
    await using there = await served(() => ({ status: 201, body: Buffer.alloc(50_000_000) }))
    expect(await there.sender.send(there.endpoint, notification, { signal })).toEqual({ kind: 'sent' })
    await vi.waitFor(() => expect(there.cut).toBe(1))
  })

  test('shows the certificate of somebody else', async () => {
    await using there = await served(() => ({ status: 201 }), { ca: [] })
    expect(await there.sender.send(there.endpoint, notification, { signal })).toMatchObject({ kind: 'later' })
    expect(there.received).toEqual([])
  })

  test('is left when the server stops', async () => {
    await using there = await served(() => undefined)
    const end = new AbortController()
    const sent = there.sender.send(there.endpoint, notification, { signal: end.signal })
    await vi.waitFor(() => expect(there.received).toHaveLength(1))
    end.abort()
    expect(await sent).toMatchObject({ kind: 'later' })
  })
})

describe('an endpoint', () => {
  const keys = new Subscription().keys
  const open = (privateAddresses: boolean, options: WebPushOptions = {}): Promise<PushSender> =>
    newKey().then(key => webPush(options).open({ key, contact: 'https://a.test', privateAddresses }))

  test.each([
    ['the public Internet', 'https://push.example/x', undefined],
    ['a public address', 'https://8.8.8.8/x', undefined],
    ['no TLS', 'http://push.example/x', 'endpoint has to begin with https:'],
    ['another scheme', 'file:///etc/passwd', 'endpoint has to begin with https:'],
    ['nothing', 'nonsense', 'endpoint is not an address'],
    ['too much', `https://push.example/${'x'.repeat(2048)}`, 'endpoint is not an address'],
    ['a password', 'https://a:b@push.example/', 'endpoint has a password'],
    ['this machine', 'https://127.0.0.1/', 'endpoint is not on the public Internet'],
    ['this machine in other digits', 'https://0x7f000001/', 'endpoint is not on the public Internet'],
    ['this machine by IPv6', 'https://[::1]/', 'endpoint is not on the public Internet'],
    ['this machine by IPv6 with IPv4 inside', 'https://[::ffff:127.0.0.1]/', 'endpoint is not on the public Internet'],
    ['a private network', 'https://10.0.0.1/', 'endpoint is not on the public Internet'],
    ['the neighbours of a virtual machine', 'https://169.254.169.254/', 'endpoint is not on the public Internet'],
  ])('%s', async (_, url, refusal) => {
    const sender = await open(false)
    expect(sender.refusal({ url, ...keys })).toBe(refusal)
    if (refusal !== undefined)
      expect(await sender.send({ url, ...keys }, notification, { signal })).toEqual({
        kind: 'refused',
        reason: refusal,
      })
  })

  test.each([
    ['a key of another length', { p256dh: keys.p256dh.slice(0, 80) }],
    [
      'a key that is no point of the curve',
      { p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString('base64url') },
    ],
    ['a key that is not base64url', { p256dh: `${keys.p256dh.slice(0, -1)}!` }],
    ['a secret that is too short', { auth: 'AAAA' }],
    ['no secret', { auth: '' }],
  ])('with %s is refused', async (_, changed) => {
    const sender = await open(false)
    expect(sender.refusal({ url: 'https://push.example/x', ...keys, ...changed })).toMatch(/^(p256dh|auth) is not /)
  })

  test('a name that leads to this machine is not followed', async () => {
    await using there = await served(() => ({ status: 201 }))
    const sender = await open(false, { resolver: there.resolver, ca: there.ca })
    expect(await sender.send(there.endpoint, notification, { signal })).toMatchObject({ kind: 'later' })
    expect(there.received).toEqual([])
  })

  test('may be near and without TLS where the operator says so', async () => {
    await using near = await pushService(() => ({ status: 201 }), { tls: false })
    const sender = await open(true)
    const subscription = new Subscription()
    const endpoint = { url: `${near.origin}/UP?1`, ...subscription.keys }
    expect(sender.refusal(endpoint)).toBeUndefined()
    expect(await sender.send(endpoint, notification, { signal })).toEqual({ kind: 'sent' })
    expect(near.connections).toBe(1)
  })
})
