import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nameServer, type Zone } from './dns.fixture.ts'
import { dnsResolver, type SrvRecord } from './resolve.ts'
import { order, targets } from './srv.ts'

const srv = (host: string, port: number, priority = 0, weight = 0): SrvRecord => ({ host, port, priority, weight })

describe('the targets of a domain (RFC 6120 §3.2.1, XEP-0368 §3)', () => {
  test.each<[string, Zone, string[]]>([
    ['no records: the domain itself', {}, ['a.test:5222']],
    ['an empty answer: the domain itself', { 'SRV _xmpp-client._tcp.a.test': [] }, ['a.test:5222']],
    [
      'a failing name server is no answer: the domain itself',
      { 'SRV _xmpp-client._tcp.a.test': 'refuse', 'SRV _xmpps-client._tcp.a.test': 'refuse' },
      ['a.test:5222'],
    ],
    ['one record', { 'SRV _xmpp-client._tcp.a.test': [srv('x.test', 15222)] }, ['x.test:15222']],
    ['direct TLS alone', { 'SRV _xmpps-client._tcp.a.test': [srv('x.test', 443)] }, ['x.test:443 direct']],
    [
      'one half fails, the other counts',
      { 'SRV _xmpp-client._tcp.a.test': [srv('x.test', 1)], 'SRV _xmpps-client._tcp.a.test': 'refuse' },
      ['x.test:1'],
    ],
    [
      'both kinds are mixed by priority',
      {
        'SRV _xmpp-client._tcp.a.test': [srv('one.test', 1, 30), srv('two.test', 2, 10)],
        'SRV _xmpps-client._tcp.a.test': [srv('three.test', 3, 20), srv('four.test', 4, 5)],
      },
      ['four.test:4 direct', 'two.test:2', 'three.test:3 direct', 'one.test:1'],
    ],
    [
      'target . of one kind denies that kind alone',
      { 'SRV _xmpp-client._tcp.a.test': [srv('x.test', 1)], 'SRV _xmpps-client._tcp.a.test': [srv('.', 0)] },
      ['x.test:1'],
    ],
  ])('%s', async (_, zone, expected) => {
    using server = await nameServer(zone)
    const found = await targets(dnsResolver({ ...server, timeoutMs: 500 }), 'a.test', 'xmpp-client')
    expect(found.map(it => `${it.host}:${it.port}${it.directTls ? ' direct' : ''}`)).toEqual(expected)
    expect(server.queries).toEqual(
      expect.arrayContaining(['SRV _xmpp-client._tcp.a.test', 'SRV _xmpps-client._tcp.a.test']),
    )
  })

  test.each<[string, Zone]>([
    ['STARTTLS', { 'SRV _xmpp-client._tcp.a.test': [srv('.', 0)] }],
    ['direct TLS', { 'SRV _xmpps-client._tcp.a.test': [srv('.', 0)] }],
    ['both', { 'SRV _xmpp-client._tcp.a.test': [srv('.', 0)], 'SRV _xmpps-client._tcp.a.test': [srv('.', 0)] }],
  ])('target . of %s and nothing else: absent, without a fallback', async (_, zone) => {
    using server = await nameServer(zone)
    await expect(targets(dnsResolver(server), 'a.test', 'xmpp-client')).rejects.toMatchObject({
      code: 'service-absent',
    })
  })

  test('servers ask for their own records and port', async () => {
    using server = await nameServer({ 'SRV _xmpps-server._tcp.a.test': [srv('x.test', 5270)] })
    const resolver = dnsResolver(server)
    expect(await targets(resolver, 'a.test', 'xmpp-server')).toEqual([{ host: 'x.test', port: 5270, directTls: true }])
    expect(await targets(resolver, 'b.test', 'xmpp-server')).toEqual([{ host: 'b.test', port: 5269, directTls: false }])
  })

  test('a silent name server can be given up', async () => {
    const resolver = dnsResolver({ servers: ['127.0.0.1:9'], timeoutMs: 500 })
    await expect(targets(resolver, 'a.test', 'xmpp-client', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})

describe('the order of records (RFC 2782)', () => {
  const records = fc.array(
    fc.record({ host: fc.constant('x'), port: fc.nat(65_535), priority: fc.nat(3), weight: fc.nat(65_535) }),
    { maxLength: 12 },
  )

  test('keeps every record and never lets a worse priority go first', () => {
    fc.assert(
      fc.property(
        records,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (list, numbers) => {
          const ordered = order(list, () => numbers.next().value as number)
          expect(ordered).toHaveLength(list.length)
          expect(new Set(ordered)).toEqual(new Set(list))
          for (const [index, record] of ordered.entries()) {
            if (index > 0) expect(record.priority).toBeGreaterThanOrEqual(ordered[index - 1]!.priority)
          }
        },
      ),
    )
  })

  test('the first of a priority is drawn in proportion to its weight', () => {
    const group = [srv('light', 1, 0, 10), srv('heavy', 2, 0, 60), srv('middle', 3, 0, 30), srv('never', 4, 0, 0)]
    const first: Record<string, number> = { light: 0, heavy: 0, middle: 0, never: 0 }
    const draws = 10_100
    // Every value of the generator once: the distribution is exact, not sampled.
    for (let index = 0; index < draws; index++) first[order(group, () => index / draws)[0]!.host]!++
    expect(first).toEqual({ never: 100, light: 1000, middle: 3000, heavy: 6000 })
  })
})
