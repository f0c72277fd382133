import { Jid } from '@tercet/jid'
import { readStanza } from '@tercet/xml'
import { describe, expect, test } from 'vitest'
import { golden, reads, refuses } from '../golden.fixture.ts'
import { message } from '../message.ts'
import { writeStanza } from '../write.ts'
import { chatStateOf, chatStates } from './chat-states.ts'
import { delay } from './delay.ts'
import { forwarded } from './forward.ts'
import { noCopy, noPermanentStore, noStore, store } from './hints.ts'
import { received, request } from './receipts.ts'
import { originId, stanzaId } from './stanza-id.ts'

const stamp = new Date('2002-09-10T23:08:25Z')
const DELAY = "xmlns='urn:xmpp:delay'"
const FORWARD = "xmlns='urn:xmpp:forward:0'"

describe('XEP-0203: delay', () => {
  golden(delay, [
    ['stamp alone', `<delay ${DELAY} stamp='2002-09-10T23:08:25Z'/>`, { stamp }],
    [
      'everything',
      `<delay ${DELAY} from='capulet.lit' stamp='2002-09-10T23:08:25Z'>Offline</delay>`,
      { from: Jid.parse('capulet.lit'), stamp, reason: 'Offline' },
    ],
  ])
  reads(delay, [
    [
      'a malformed from is no reason to lose the stamp',
      `<delay ${DELAY} from='@' stamp='2002-09-10T23:08:25Z'/>`,
      { stamp },
    ],
  ])
  refuses(delay, [
    ['no stamp', `<delay ${DELAY}/>`, 'delay/@stamp', 'missing'],
    ['a malformed stamp', `<delay ${DELAY} stamp='yesterday'/>`, 'delay/@stamp', 'malformed'],
  ])
})

describe('XEP-0297: forwarding', () => {
  const xml = `<forwarded ${FORWARD}><delay ${DELAY} stamp='2002-09-10T23:08:25Z'/><message xmlns='jabber:client' to='a@b' from='c@d/e' id='1' type='chat'><body>x</body></message></forwarded>`

  test('the stanza inside is a stanza, and is written in its own namespace (§3.2)', () => {
    const value = forwarded.read(readStanza(xml).toElement())
    expect(value.delay).toEqual({ stamp })
    expect(value.stanza).toMatchObject({ kind: 'message', type: 'chat', to: { text: 'a@b' }, from: { text: 'c@d/e' } })
    expect(writeStanza(message({}).plus(forwarded, value))).toBe(`<message>${xml}</message>`)
  })

  refuses(forwarded, [
    ['nothing inside', `<forwarded ${FORWARD}/>`, 'forwarded/*', 'missing'],
    ['something else inside', `<forwarded ${FORWARD}><message/></forwarded>`, 'forwarded/*', 'missing'],
    [
      'a malformed stanza',
      `<forwarded ${FORWARD}><message xmlns='jabber:client' to='@'/></forwarded>`,
      'forwarded/message',
      'malformed',
    ],
    [
      'an iq without id',
      `<forwarded ${FORWARD}><iq xmlns='jabber:client' type='get'/></forwarded>`,
      'forwarded/iq',
      'malformed',
    ],
  ])
})

describe('XEP-0359: stanza ids', () => {
  const NS = "xmlns='urn:xmpp:sid:0'"
  golden(stanzaId, [
    [
      'stanza-id',
      `<stanza-id ${NS} id='5f3dbc5e' by='room@muc.lit'/>`,
      { id: '5f3dbc5e', by: Jid.parse('room@muc.lit') },
    ],
  ])
  golden(originId, [['origin-id', `<origin-id ${NS} id='de305d54'/>`, { id: 'de305d54' }]])
  refuses(stanzaId, [
    ['no by', `<stanza-id ${NS} id='1'/>`, 'stanza-id/@by', 'missing'],
    ['a malformed by', `<stanza-id ${NS} id='1' by='@'/>`, 'stanza-id/@by', 'malformed'],
    ['no id', `<stanza-id ${NS} by='a@b'/>`, 'stanza-id/@id', 'missing'],
  ])
  refuses(originId, [['no id', `<origin-id ${NS}/>`, 'origin-id/@id', 'missing']])
})

describe('XEP-0334, XEP-0184, XEP-0085: hints, receipts, chat states', () => {
  golden(noStore, [['no-store', "<no-store xmlns='urn:xmpp:hints'/>", {}]])
  golden(noPermanentStore, [['no-permanent-store', "<no-permanent-store xmlns='urn:xmpp:hints'/>", {}]])
  golden(noCopy, [['no-copy', "<no-copy xmlns='urn:xmpp:hints'/>", {}]])
  golden(store, [['store', "<store xmlns='urn:xmpp:hints'/>", {}]])
  golden(request, [['request', "<request xmlns='urn:xmpp:receipts'/>", {}]])
  golden(received, [['received', "<received xmlns='urn:xmpp:receipts' id='m1'/>", { id: 'm1' }]])
  refuses(received, [['a receipt for nothing', "<received xmlns='urn:xmpp:receipts'/>", 'received/@id', 'missing']])
  refuses(noStore, [['another hint', "<store xmlns='urn:xmpp:hints'/>", 'store', 'unexpected']])
  golden(chatStates.composing, [['composing', "<composing xmlns='http://jabber.org/protocol/chatstates'/>", {}]])

  test('the chat state of a message', () => {
    expect(chatStateOf(message({}).plus(chatStates.paused, {}))).toBe('paused')
    expect(chatStateOf(message({ body: 'x' }))).toBeUndefined()
  })
})
