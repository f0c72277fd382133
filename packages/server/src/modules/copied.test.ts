import { fromFragment, type Message } from '@tercet/stanza'
import { readStanza } from '@tercet/xml'
import { expect, test } from 'vitest'
import { copied } from './copied.ts'

const read = (xml: string): Message => {
  const stanza = fromFragment(readStanza(xml))
  if (stanza.kind !== 'message') throw new TypeError('not a message')
  return stanza
}
const MUC_USER = 'http://jabber.org/protocol/muc#user'

test.each([
  ['chat, whatever is in it', "<message type='chat'><x xmlns='urn:x'/></message>", true, true],
  ['normal with a body', '<message><body>a</body></message>', true, true],
  ['normal without one', "<message><x xmlns='urn:x'/></message>", false, false],
  ['a body of another namespace', "<message><body xmlns='urn:x'>a</body></message>", false, false],
  ['a headline', "<message type='headline'><body>a</body></message>", false, false],
  ['groupchat', "<message type='groupchat'><body>a</body></message>", false, false],
  ['an error, which is judged by what it answers', "<message type='error'><body>a</body></message>", false, false],
  ['a receipt', "<message><received xmlns='urn:xmpp:receipts' id='1'/></message>", true, true],
  ['a chat state', "<message><gone xmlns='http://jabber.org/protocol/chatstates'/></message>", true, true],
  ['a marker', "<message><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>", true, true],
  ['a direct invitation', "<message><x xmlns='jabber:x:conference' jid='r@a'/></message>", true, true],
  ['a mediated one', `<message><x xmlns='${MUC_USER}'><invite from='a@b'/></x></message>`, true, true],
  ['a word of an occupant', `<message type='chat'><body>a</body><x xmlns='${MUC_USER}'/></message>`, true, false],
  ['a private message', "<message type='chat'><private xmlns='urn:xmpp:carbons:2'/></message>", false, false],
  ['no-copy', "<message type='chat'><body/><no-copy xmlns='urn:xmpp:hints'/></message>", false, false],
  ['another hint', "<message type='chat'><body/><no-store xmlns='urn:xmpp:hints'/></message>", true, true],
])('copied: %s (XEP-0280 §6.1)', (_, xml, sent, received) => {
  expect([copied(read(xml), 'sent'), copied(read(xml), 'received')]).toEqual([sent, received])
})
