import { BareJid } from '@tercet/jid'
import { memoryStorage } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'
import type { Turn } from '../turn.ts'
import { RecentRosters } from './recent-rosters.ts'
import { stranger, type Entry } from './roster.ts'

const entries = (count: number): Entry[] =>
  Array.from({ length: count }, (_, index) => ({ jid: BareJid.parse(`c${index}@b.test`), contact: stranger }))

/** A turn that is decided by hand. */
function turnOf(): { turn: Turn; decide: (state: 'durable' | 'failed') => void } {
  let run: () => void = () => {}
  const turn = { state: 'pending' as string, whenDecided: (then: () => void) => void (run = then) }
  // All that is asked of it here.
  return {
    turn: turn as unknown as Turn,
    decide(state) {
      turn.state = state
      run()
    },
  }
}

test('the roster that was used longest ago makes room', () => {
  const recent = new RecentRosters()
  recent.set('romeo', entries(4000))
  recent.set('juliet', entries(4000))
  expect(recent.get('romeo')).toHaveLength(4000)
  recent.set('nurse', entries(4000))
  expect(recent.get('juliet')).toBeUndefined()
  expect(recent.get('romeo')).toHaveLength(4000)
  recent.set('paris', entries(20_000))
  expect(recent.get('paris')).toBeUndefined()
  expect(recent.get('nurse')).toHaveLength(4000)
})

test('what is written is forgotten, and once more if it fails', () => {
  const recent = new RecentRosters()
  recent.set('romeo', entries(1))
  const { turn, decide } = turnOf()
  recent.changes('romeo', turn)
  expect(recent.get('romeo')).toBeUndefined()
  recent.set('romeo', entries(2))
  decide('failed')
  expect(recent.get('romeo')).toBeUndefined()
})

test('a roster that changes is read anew (RFC 6121 §2.3)', async () => {
  await using fixture = await startFixture()
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'both')
  const romeo = await fixture.login('romeo@a.test/orchard')
  const shows = (name: string): Promise<unknown> =>
    romeo.asks(
      "<iq type='get' id='q'><query xmlns='jabber:iq:roster'/></iq>",
      `<iq type='result' id='q'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' subscription='both'${name}/></query></iq>`,
    )
  await shows('')
  await romeo.asks(
    "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='nurse@b.test' name='Angelica'/></query></iq>",
    "<iq type='result' id='s'/>",
  )
  await shows(" name='Angelica'")
})

test('a change that a full disk refuses is not shown, also to who looks while it is under way', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'both')
  const romeo = await fixture.login('romeo@a.test/orchard')
  storage.failCommits('full')
  const get = (id: string): string => `<iq type='get' id='${id}'><query xmlns='jabber:iq:roster'/></iq>`
  const set = "<query xmlns='jabber:iq:roster'><item jid='nurse@b.test' name='Angelica'/></query>"
  romeo.send(`${get('g1')}<iq type='set' id='s'>${set}</iq>${get('g2')}`)
  await romeo.find(({ name, attributes }) => name === 'iq' && attributes['type'] === 'error', 'the refusal')
  romeo.send(get('g3'))
  await romeo
    .find(({ attributes }) => attributes['id'] === 'g3', 'the roster')
    .then(result => {
      expect(JSON.stringify(result)).not.toContain('Angelica')
    })
})
