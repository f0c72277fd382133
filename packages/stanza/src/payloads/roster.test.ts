import { Jid } from '@tercet/jid'
import { describe, expect, test } from 'vitest'
import { golden, reads, refuses } from '../golden.fixture.ts'
import { get, item, preApproval, query, versioning } from './roster.ts'

const juliet = Jid.parse('juliet@example.com')
const plain = { jid: juliet, groups: [] }
const NS = "xmlns='jabber:iq:roster'"

describe('RFC 6121 §2: rosters', () => {
  golden(query, [
    ['a request', `<query ${NS}/>`, { items: [] }],
    ['a request for what is new', `<query ${NS} ver=''/>`, { ver: '', items: [] }],
    [
      'a roster',
      `<query ${NS} ver='v7'><item jid='juliet@example.com' name='Juliet' subscription='both'><group>Friends</group><group>A</group></item>` +
        "<item jid='juliet@example.com' subscription='none' ask='subscribe' approved='true'/></query>",
      {
        ver: 'v7',
        items: [
          { jid: juliet, name: 'Juliet', subscription: 'both', groups: ['Friends', 'A'] },
          { ...plain, subscription: 'none', ask: 'subscribe', approved: true },
        ],
      },
    ],
  ])
  golden(item, [
    ['a removal', `<item ${NS} jid='juliet@example.com' subscription='remove'/>`, { ...plain, subscription: 'remove' }],
  ])
  reads(item, [
    [
      'what a client must not say is ignored (§2.1.2)',
      `<item ${NS} jid='Juliet@Example.com' subscription='all' ask='no' approved='x'/>`,
      plain,
    ],
  ])
  refuses(query, [
    ['an item without jid', `<query ${NS}><item name='x'/></query>`, 'query/item[1]/@jid', 'missing'],
    ['a malformed jid', `<query ${NS}><item jid='a@b'/><item jid='@b'/></query>`, 'query/item[2]/@jid', 'malformed'],
    ['another namespace', "<query xmlns='jabber:iq:private'/>", 'query', 'unexpected'],
  ])
  golden(versioning, [['feature: versions (§2.6.1)', "<ver xmlns='urn:xmpp:features:rosterver'/>", {}]])
  golden(preApproval, [['feature: pre-approval (§3.4)', "<sub xmlns='urn:xmpp:features:pre-approval'/>", {}]])

  test('the answer is a roster, or nothing where the version is current (§2.6.3)', () => {
    expect(get.writeResult(undefined).size).toBe(0)
    expect(get.readResult(get.writeResult({ items: [] }))).toEqual({ items: [] })
  })
})
