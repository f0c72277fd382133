import { test } from 'vitest'
import { startFixture } from './fixture.ts'

test.each([
  ['a client', 'orchard', "<ping xmlns='urn:xmpp:ping'/>"],
  ['go-sendxmpp, which a ping would end', 'go-sendxmpp.0a1b', "<query xmlns='jabber:iq:version'/>"],
])(
  'whoever has no stream management is asked after a message, and any answer settles it: %s',
  async (_, resource, payload) => {
    await using fixture = await startFixture()
    const juliet = await fixture.available('juliet@a.test/balcony')
    juliet.send("<message to='romeo@a.test' type='chat' id='m1'><body>What’s in a name?</body></message>")
    await fixture.quiet()
    const jid = `romeo@a.test/${resource}`
    const romeo = await fixture.login(jid)
    romeo.answersPings = false
    romeo.send('<presence/>')
    await romeo.receivesInAnyOrder(
      `<presence from='${jid}'/>`,
      "<message from='juliet@a.test/balcony' type='chat' id='m1'>{any}</message>",
    )
    await romeo.receives(`<iq type='get' from='a.test' to='${jid}' id='confirm-1'>${payload}</iq>`)
    romeo.send(
      "<iq type='error' to='a.test' id='confirm-1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    await romeo.barrier()
    romeo.cut()
    // It would come again.
    const again = await fixture.available('romeo@a.test/later')
    await again.receivesNothing()
  },
)
