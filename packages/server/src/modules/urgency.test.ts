import { BareJid } from '@tercet/jid'
import { fromFragment } from '@tercet/stanza'
import { readStanza } from '@tercet/xml'
import { expect, test } from 'vitest'
import { urgency } from './urgency.ts'

const own = BareJid.parse('juliet@a.test')
const of = (xml: string) => urgency(fromFragment(readStanza(xml)), own)

const STATE = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
const RECEIVED = "<received xmlns='urn:xmpp:receipts' id='1'/>"
const message = (inner: string, attrs = ''): string =>
  `<message from='romeo@a.test/o' to='juliet@a.test/b' type='chat'${attrs}>${inner}</message>`
const carbon = (which: string, inner: string): string =>
  `<message from='juliet@a.test' to='juliet@a.test/b' type='chat'><${which} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@a.test/o' to='juliet@a.test/c' type='chat'>${inner}</message></forwarded></${which}></message>`
const event = (from: string, inner: string): string =>
  `<message from='${from}' to='juliet@a.test/b' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>${inner}</event></message>`

test.each([
  ['a message with a body', message('<body>Hist!</body>')],
  ['in a room', `<message from='r@m.test/n' to='juliet@a.test/b' type='groupchat'><body>x</body></message>`],
  ['a body along with a state', message(`${STATE}<body>x</body>`)],
  ['a subject', `<message from='r@m.test/n' to='juliet@a.test/b' type='groupchat'><subject/></message>`],
  ['what is encrypted', message("<encrypted xmlns='eu.siacs.conversations.axolotl'/>")],
  ['a call', message("<propose xmlns='urn:xmpp:jingle-message:0' id='c'/>")],
  ['a carbon of a message that came', carbon('received', '<body>x</body>')],
  ['a carbon of one that was sent elsewhere', carbon('sent', '<body>x</body>')],
  ['what nobody here knows', message("<x xmlns='urn:example:x'/>")],
])('urgent: %s', (_, xml) => expect(of(xml)).toEqual({ kind: 'urgent', unless: expect.anything() as string }))

test.each([
  ['a request', `<iq from='romeo@a.test/o' to='juliet@a.test/b' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>`],
  ['what was read elsewhere', carbon('sent', "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>")],
  ['an error', message('<body>x</body>').replace("'chat'", "'error'")],
  ['a request for a subscription', `<presence from='romeo@a.test' to='juliet@a.test' type='subscribe'/>`],
  ['a presence error', `<presence from='r@m.test/n' to='juliet@a.test/b' type='error'/>`],
  [
    'the end of joining a room',
    `<presence from='r@m.test/n' to='juliet@a.test/b'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>`,
  ],
])('urgent, and nothing else is useless for it: %s', (_, xml) =>
  expect(of(xml)).toEqual({ kind: 'urgent', unless: undefined }),
)

test.each([
  [
    'presence',
    "<presence from='romeo@a.test/o' to='juliet@a.test/b'><show>dnd</show></presence>",
    'presence romeo@a.test/o',
  ],
  ['its end', "<presence from='romeo@a.test/o' to='juliet@a.test/b' type='unavailable'/>", 'presence romeo@a.test/o'],
  [
    'an occupant of a room',
    "<presence from='r@m.test/n' to='juliet@a.test/b'><x xmlns='http://jabber.org/protocol/muc#user'><item role='visitor'/></x></presence>",
    'presence r@m.test/n',
  ],
  ['what somebody is doing', message(STATE), 'state romeo@a.test/o'],
  [
    'with words for servers',
    message(`${STATE}<no-store xmlns='urn:xmpp:hints'/><thread>t</thread>`),
    'state romeo@a.test/o',
  ],
  ['what somebody is doing, by a carbon', carbon('received', STATE), 'state romeo@a.test/o'],
  ['a receipt', message(RECEIVED), ''],
  ['a receipt with a state', message(RECEIVED + STATE), ''],
  ['a receipt, by a carbon', carbon('received', RECEIVED), ''],
  ['a mood', event('romeo@a.test', "<items node='mood'><item id='1'/></items>"), 'event romeo@a.test mood'],
  ['another mood', event('romeo@a.test', "<items node='mood'><item id='2'/></items>"), 'event romeo@a.test mood'],
  ['an own bookmark', event('juliet@a.test', "<items node='b'><item id='r'/></items>"), 'event juliet@a.test b r'],
  ['its end', event('juliet@a.test', "<items node='b'><retract id='r'/></items>"), 'event juliet@a.test b r'],
  ['a purge', event('romeo@a.test', "<purge node='mood'/>"), ''],
  ['nothing at all', message(''), ''],
])('waits: %s', (_, xml, key) => expect(of(xml)).toEqual({ kind: 'waits', key }))
