import { message } from '@tercet/stanza'
import { Jid } from '@tercet/jid'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cut } from './cutting-transport.fixture.ts'
import { Peer } from './peer.fixture.ts'
import { incoming } from './points.ts'

const romeo = Jid.parse('romeo@b.test')
const names = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** Bytes: from nothing, over the middle of a login, to some stanzas of a session. */
const cut: fc.Arbitrary<Cut> = fc.record({
  toPeer: fc.integer({ min: 0, max: 3000 }),
  fromPeer: fc.integer({ min: 0, max: 4000 }),
})

interface Play {
  readonly first: Cut
  readonly plan: readonly Cut[]
  readonly there: number
  readonly back: number
  /** After which messages the sender lets others work. */
  readonly pauses: readonly boolean[]
}

const play: fc.Arbitrary<Play> = fc.record({
  first: cut,
  plan: fc.array(cut, { maxLength: 6 }),
  there: fc.integer({ min: 1, max: 30 }),
  back: fc.integer({ min: 0, max: 30 }),
  pauses: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
})

async function run({ first, plan, there, back, pauses }: Play, remembers: 'session' | 'count'): Promise<void> {
  const peer = await Peer.start({ remembers })
  try {
    const client = await peer.client()
    const shown: (string | undefined)[] = []
    client.on(incoming, 'show', ({ stanza }) => {
      shown.push(stanza.id)
      peer.wake()
    })
    peer.plan = [...plan]
    peer.links[0]!.arm(first)
    const sent: Promise<void>[] = []
    for (let index = 0; index < Math.max(there, back); index++) {
      if (index < there) sent.push(client.send(message({ id: `m${index}`, to: romeo })))
      // What a forgotten session was owed is the server's business, so nothing is sent then.
      if (index < back && remembers === 'session') peer.session.send(`<message id='b${index}' from='romeo@b.test'/>`)
      if (pauses[index]) await new Promise(resolve => setImmediate(resolve))
    }
    await Promise.all(sent)
    expect(peer.handled.map(element => element.attr('id'))).toEqual(names(there, 'm'))
    if (remembers === 'session') {
      expect(peer.sessions).toHaveLength(1)
      await peer.until(() => shown.length >= back)
      expect(shown).toEqual(names(back, 'b'))
    }
    expect(peer.bugs).toEqual([])
  } finally {
    await peer[Symbol.asyncDispose]()
  }
}

test('whatever links are cut wherever, each side handles every stanza of the other once and in order (XEP-0198 §5)', async () => {
  await fc.assert(
    fc.asyncProperty(play, play => run(play, 'session')),
    { numRuns: 60 },
  )
}, 60_000)

test('a server that has forgotten the session but not its count gets every message once (XEP-0198 §5)', async () => {
  await fc.assert(
    fc.asyncProperty(play, play => run(play, 'count')),
    { numRuns: 40 },
  )
}, 60_000)
