/** Streams that are taken up on another connection (XEP-0198 1.6.3 §5). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CuttingTransport } from './cutting-transport.fixture.ts'
import { Network, type Home, type HomeOptions, type Stranger } from './network.fixture.ts'

const SM = 'urn:xmpp:sm:3'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'

function fromA(id: string): string {
  return `<message from='romeo@a.test/x' to='juliet@b.test' type='chat' id='${id}'><body>Hist!</body></message>`
}

function fromB(id: string): string {
  return `<message from='juliet@b.test/y' to='romeo@a.test' type='chat' id='${id}'><body>Ay</body></message>`
}

/** Ids of what has arrived somewhere, in order. */
function ids({ arrived }: Home): (string | undefined)[] {
  return arrived.map(text => / id='([^']*)'/.exec(text)?.[1])
}

interface Two extends AsyncDisposable {
  readonly network: Network
  readonly a: Home
  readonly b: Home
  /** Connections of a.test, in order. */
  readonly lines: CuttingTransport[]
}

/** Two servers, a stream from a.test to b.test, and a message that has passed in each direction that there is. */
async function connected(options: HomeOptions = {}): Promise<Two> {
  const network = new Network()
  const lines: CuttingTransport[] = []
  network.wrap = near => {
    const line = new CuttingTransport(near)
    lines.push(line)
    return line
  }
  const quick = { ...options, limits: { retryMs: 10, maxRetryMs: 20, ...options.limits } }
  const a = network.home('a.test', quick)
  const b = network.home('b.test', quick)
  a.sends(fromA('first'))
  await b.until(() => b.arrived.length === 1, 'the first message')
  b.sends(fromB('first'))
  await a.until(() => a.arrived.length === 1, 'the first message')
  return { network, a, b, lines, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() }
}

/** It becomes true while time passes quickly, but for who waits for the other one to come back. */
async function soon({ a, b }: Two, test: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !test(); turn++) {
    const isConnected = [a, b].every(({ gateway }) => gateway.figures().streams > 0)
    for (const { gateway } of isConnected ? [a, b] : [a]) gateway.wheel.tick(gateway.wheel.now + 300)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`)

describe('nothing is lost, doubled or out of order, wherever a connection is cut', () => {
  test.each([
    ['in both directions', true],
    ['in one direction each', false],
  ])('%s', { timeout: 60_000 }, async (_, bidi) => {
    let cuts = 0
    for (let writes = 0; ; writes++) {
      await using two = await connected({ bidi })
      const { network, a, b, lines } = two
      lines[0]!.arm(writes)
      const all = ['first']
      for (const [index, name] of names(20).entries()) {
        all.push(name)
        a.sends(fromA(name))
        b.sends(fromB(name))
        // Some leave together, some after the confirmation of those before.
        if (index % 2 === 0) await soon(two, () => ids(b).includes(name))
      }
      for (const home of [a, b]) {
        await soon(two, () => home.arrived.length >= all.length && home.gateway.figures().queued === 0)
        expect(ids(home), `cut after ${writes} writes`).toEqual(all)
      }
      const again = network.dials.filter(dial => dial === 'a.test → b.test').length
      expect(again, `connections of a.test, cut after ${writes} writes`).toBe(lines[0]!.isCut ? 2 : 1)
      if (!lines[0]!.isCut) break
      cuts++
    }
    expect(cuts).toBeGreaterThan(10)
  })

  test('also while it is taken up', { timeout: 60_000 }, async () => {
    let cuts = 0
    for (let writes = 0; ; writes++) {
      await using two = await connected()
      const { network, a, b, lines } = two
      const { wrap } = network
      let second: CuttingTransport | undefined
      network.wrap = near => {
        const line = wrap(near) as CuttingTransport
        if (!second) (second = line).arm(writes)
        return line
      }
      lines[0]!.arm(3)
      const all = ['first', ...names(8)]
      for (const name of names(8)) {
        a.sends(fromA(name))
        b.sends(fromB(name))
        if (name === 'm4') await soon(two, () => ids(b).includes(name))
      }
      for (const home of [a, b]) {
        await soon(two, () => home.arrived.length >= all.length && home.gateway.figures().queued === 0)
        expect(ids(home), `cut after ${writes} writes`).toEqual(all)
      }
      if (!second?.isCut) break
      cuts++
    }
    expect(cuts).toBeGreaterThan(10)
  })

  test('again and again', { timeout: 60_000 }, async () => {
    const cuts = fc.array(fc.nat(25), { minLength: 1, maxLength: 6 })
    const bursts = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(8)), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(cuts, bursts, async ([now = 0, ...later], sent) => {
        await using two = await connected()
        const { network, a, b, lines } = two
        const { wrap } = network
        network.wrap = near => {
          const line = wrap(near) as CuttingTransport
          const writes = later.shift()
          if (writes !== undefined) line.arm(writes)
          return line
        }
        lines[0]!.arm(now)
        const expected = { a: ['first'], b: ['first'] }
        for (const [index, [fromUs, fromThem, ms]] of sent.entries()) {
          for (const name of names(fromUs).map(it => `${index}-${it}`)) {
            expected.b.push(name)
            a.sends(fromA(name))
          }
          for (const name of names(fromThem).map(it => `${index}-${it}`)) {
            expected.a.push(name)
            b.sends(fromB(name))
          }
          await new Promise(resolve => setTimeout(resolve, ms))
        }
        for (const home of [a, b]) {
          const all = home === a ? expected.a : expected.b
          await soon(two, () => home.arrived.length >= all.length && home.gateway.figures().queued === 0)
          expect(ids(home)).toEqual(all)
        }
      }),
      { numRuns: process.env['TERCET_LONG'] === undefined ? 20 : 500 },
    )
  })

  test('what is not safe there yet is not sent again either', async () => {
    await using two = await connected()
    const { a, b, lines } = two
    const held: (() => void)[] = []
    b.held = held
    for (const name of names(3)) a.sends(fromA(name))
    await b.until(() => b.arrived.length === 4, 'three messages')
    lines[0]!.arm(0)
    a.sends(fromA('last'))
    await a.until(() => lines.length === 2, 'a new connection')
    b.held = undefined
    for (const safe of held) safe()
    await b.until(() => b.arrived.length === 5, 'the last message')
    expect(ids(b)).toEqual(['first', ...names(3), 'last'])
  })

  test('the other server is asked although we have nothing for it: it may have something for us', async () => {
    await using two = await connected()
    const { network, a, b, lines } = two
    lines[0]!.arm(0)
    b.sends(fromB('m1'))
    await a.until(() => a.arrived.length === 2, 'the message')
    expect(ids(a)).toEqual(['first', 'm1'])
    expect(network.dials).toEqual(['a.test → b.test', 'a.test → b.test'])
  })

  test('a stream is taken up more than once', async () => {
    await using two = await connected()
    const { a, b, lines } = two
    for (const name of names(3)) {
      lines.at(-1)!.arm(0)
      a.sends(fromA(name))
      await soon(two, () => ids(b).includes(name))
    }
    expect(ids(b)).toEqual(['first', ...names(3)])
  })

  test('a stream on which the accepting side did not wait for stream management is taken up for what counts', async () => {
    await using network = new Network()
    const lines: CuttingTransport[] = []
    network.wrap = near => {
      lines.push(new CuttingTransport(near))
      return lines.at(-1)!
    }
    const [a, b] = [network.home('a.test'), network.home('b.test')]
    // It has something to say as soon as it knows who is there.
    network.broken = Object.assign(new Error('Nothing listens at that address'), { code: 'refused' })
    b.sends(fromB('first'))
    await b.until(() => b.gateway.list()[0]?.failure !== undefined, 'a failure')
    network.broken = undefined
    a.sends(fromA('first'))
    await b.until(() => b.arrived.length === 1, 'the first message')
    await a.until(() => a.arrived.length === 1, 'the first message')
    expect(b.gateway.list()[0]?.streams[0]?.confirmation).toBe('ping')
    lines[0]!.arm(1)
    for (const name of names(3)) a.sends(fromA(name))
    await b.until(() => b.arrived.length === 4, 'three messages')
    expect(ids(b)).toEqual(['first', ...names(3)])
    expect(b.gateway.list()[0]?.streams[0]?.confirmation).toBe('stream management')
  })

  test('where it cannot be taken up all is sent anew', async () => {
    await using two = await connected({ limits: { resumeMs: 0 } })
    const { a, b, lines } = two
    // Nothing of b.test is unconfirmed, so that a.test alone connects again.
    await soon(two, () => [a, b].every(({ gateway }) => gateway.figures().queued === 0))
    lines[0]!.arm(0)
    a.sends(fromA('m1'))
    await soon(two, () => b.arrived.length === 2)
    expect(ids(b)).toEqual(['first', 'm1'])
  })
})

/** `domain` connects to b.test and proves itself by its certificate. */
async function proven(network: Network, domain = 'a.test'): Promise<Stranger> {
  const stranger = network.stranger('b.test', { certificate: domain })
  stranger.opens(`from='${domain}' to='b.test'`)
  await stranger.opened()
  await stranger.next('features')
  stranger.send(`<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>=</auth>`)
  await stranger.receives(`<success xmlns='${NS_SASL}'/>`)
  stranger.opens(`from='${domain}' to='b.test'`)
  await stranger.opened()
  await stranger.next('features')
  return stranger
}

/** And enables stream management; gives the name of the stream. */
async function resumable(network: Network, domain = 'a.test'): Promise<{ stranger: Stranger; id: string }> {
  const stranger = await proven(network, domain)
  stranger.send(`<enable xmlns='${SM}' resume='true'/>`)
  await stranger.receives(`<enabled xmlns='${SM}' id='{id=any}' resume='true' max='60'/>`)
  return { stranger, id: stranger.captures.get('id')! }
}

const refused = (condition: string): string =>
  `<failed xmlns='${SM}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`

async function start(options: HomeOptions = {}): Promise<{ network: Network; b: Home }> {
  const network = new Network()
  network.server('a.test')
  return { network, b: network.home('b.test', options) }
}

async function cut(stranger: Stranger, b: Home): Promise<void> {
  stranger.cut()
  await b.until(() => b.gateway.figures().streams === 0, 'the end of the stream')
}

describe('who takes up a stream', () => {
  test('hears how much of it was handled', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    stranger.send(fromA('m1') + fromA('m2'))
    await b.until(() => b.arrived.length === 2, 'both messages')
    await cut(stranger, b)
    const again = await proven(network)
    again.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await again.receives(`<resumed xmlns='${SM}' previd='${id}' h='2'/>`)
    again.send(fromA('m3') + `<r xmlns='${SM}'/>`)
    await again.receives(`<a xmlns='${SM}' h='3'/>`)
  })

  test('may do so before we know that the old connection is dead', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    stranger.send(fromA('m1'))
    await b.until(() => b.arrived.length === 1, 'the message')
    const again = await proven(network)
    again.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await again.receives(`<resumed xmlns='${SM}' previd='${id}' h='1'/>`)
    await stranger.ends()
    expect(b.gateway.figures().streams).toBe(1)
  })

  test('has proven who it is before', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    await cut(stranger, b)
    const again = network.stranger('b.test', { certificate: 'a.test' })
    again.opens("from='a.test' to='b.test'")
    await again.opened()
    await again.next('features')
    again.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await again.ends()
    // Nothing came of it: the one who can still may.
    const right = await proven(network)
    right.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await right.receives(`<resumed xmlns='${SM}' previd='${id}' h='0'/>`)
  })

  test('is the server that has opened it, and no other that knows its name', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    await cut(stranger, b)
    const other = await proven(network, 'c.test')
    other.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await other.receives(refused('item-not-found'))
    const right = await proven(network)
    right.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await right.receives(`<resumed xmlns='${SM}' previd='${id}' h='0'/>`)
  })

  test.each([
    ['no such stream', `<resume xmlns='${SM}' previd='x' h='0'/>`, 'item-not-found'],
    ['no name', `<resume xmlns='${SM}' h='0'/>`, 'bad-request'],
    ['no number', `<resume xmlns='${SM}' previd='x' h='-1'/>`, 'bad-request'],
  ])('is told when it asks for %s, and its stream goes on', async (_, resume, condition) => {
    const { network } = await start()
    const stranger = await proven(network)
    stranger.send(resume)
    await stranger.receives(refused(condition))
    stranger.send(`<enable xmlns='${SM}'/>`)
    await stranger.receives(`<enabled xmlns='${SM}'/>`)
  })

  test('does not count as well', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    await cut(stranger, b)
    const { stranger: again } = await resumable(network)
    again.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await again.receives(refused('unexpected-request'))
  })

  test('cannot have handled more than it was sent (XEP-0198 §6)', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    await cut(stranger, b)
    const again = await proven(network)
    again.send(`<resume xmlns='${SM}' previd='${id}' h='1'/>`)
    await again.receives(
      "<error xmlns='http://etherx.jabber.org/streams'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>{any}</error>",
    )
  })
})

describe('a stream cannot be taken up', () => {
  async function isGone(network: Network, id: string): Promise<void> {
    const again = await proven(network)
    again.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`)
    await again.receives(refused('item-not-found'))
  }

  test('after its time', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    await cut(stranger, b)
    b.gateway.wheel.tick(b.gateway.wheel.now + 61_000)
    await isGone(network, id)
  })

  test('that its peer has closed', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    stranger.send('</stream:stream>')
    await stranger.ends()
    await b.until(() => b.gateway.figures().streams === 0, 'the end of the stream')
    await isGone(network, id)
  })

  test('that ended with an error', async () => {
    const { network, b } = await start()
    const { stranger, id } = await resumable(network)
    stranger.send("<message from='x@c.test' to='juliet@b.test'/>")
    await stranger.ends()
    await b.until(() => b.gateway.figures().streams === 0, 'the end of the stream')
    await isGone(network, id)
  })

  test('when its server has lost many others since', async () => {
    const { network, b } = await start()
    const lost: string[] = []
    for (let count = 0; count < 17; count++) {
      const { stranger, id } = await resumable(network)
      await cut(stranger, b)
      lost.push(id)
    }
    await isGone(network, lost[0]!)
    const again = await proven(network)
    again.send(`<resume xmlns='${SM}' previd='${lost[1]!}' h='0'/>`)
    await again.receives(`<resumed xmlns='${SM}' previd='${lost[1]!}' h='0'/>`)
  })

  test('when too many are lost', async () => {
    const { network, b } = await start({ limits: { lostStreams: 1 } })
    const { stranger, id } = await resumable(network)
    await cut(stranger, b)
    await cut((await resumable(network, 'c.test')).stranger, b)
    await isGone(network, id)
  })
})
