import { readStanza } from '@tercet/xml'
import { expect, test } from 'vitest'
import { fromFragment } from './edge.ts'
import { isAnswerable, isKept } from './keeping.ts'

const BODY = '<body>Hist!</body>'
const WRITES = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"

test.each([
  [true, `<message to='b.test' type='chat'>${BODY}</message>`],
  [true, `<message to='b.test' type='groupchat'>${BODY}</message>`],
  [true, `<message to='b.test' type='chat'>${WRITES}${BODY}</message>`],
  [true, `<message to='b.test' type='chat'>${WRITES}<store xmlns='urn:xmpp:hints'/></message>`],
  [false, `<message to='b.test' type='chat'>${WRITES}</message>`],
  [false, `<message to='b.test' type='chat'><thread>t</thread>${WRITES}</message>`],
  [false, `<message to='b.test' type='headline'>${BODY}</message>`],
  [false, `<message to='b.test' type='error'>${BODY}</message>`],
  [false, `<message to='b.test' type='chat'>${BODY}<no-store xmlns='urn:xmpp:hints'/></message>`],
  [true, "<presence to='b.test' type='subscribe'/>"],
  [true, "<presence to='b.test' type='unsubscribed'/>"],
  [false, "<presence to='b.test' type='probe'/>"],
  [false, "<presence to='b.test'/>"],
  [false, "<iq to='b.test' type='get' id='i'><ping xmlns='urn:xmpp:ping'/></iq>"],
])('kept %s: %s', (kept, xml) => {
  expect(isKept(fromFragment(readStanza(xml)))).toBe(kept)
})

test.each([
  [true, `<message to='b.test' type='chat'>${BODY}</message>`],
  [false, `<message to='b.test' type='error'>${BODY}</message>`],
  [true, "<iq to='b.test' type='set' id='i'><ping xmlns='urn:xmpp:ping'/></iq>"],
  [false, "<iq to='b.test' type='result' id='i'/>"],
  [true, "<presence to='juliet@b.test' type='subscribe'/>"],
  [true, "<presence to='room@b.test/romeo'/>"],
  [false, "<presence to='juliet@b.test'/>"],
  [false, "<presence to='room@b.test/romeo' type='unavailable'/>"],
  [false, "<presence to='juliet@b.test' type='probe'/>"],
])('answerable %s: %s', (answerable, xml) => {
  expect(isAnswerable(fromFragment(readStanza(xml)))).toBe(answerable)
})
