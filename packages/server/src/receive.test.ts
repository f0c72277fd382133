import { describe, expect, test } from 'vitest'
import { memoryStorage } from '@tercet/storage/memory'
import { startFixture } from './fixture.ts'

const MESSAGE = "<message from='nurse@b.test/x' to='juliet@a.test' type='chat' id='m1'><body>Hist!</body></message>"

describe('what another server sends is promised: it is not over before it is safe', () => {
  test('for an absent account it is over when it is on disk', async () => {
    await using fixture = await startFixture({ storage: memoryStorage() })
    const turn = fixture.afar.sends(MESSAGE)
    expect(turn.over).toBe(false)
    await new Promise<void>(resolve => turn.whenOver(resolve))
    expect(turn.state).toBe('durable')
    expect(await fixture.server.storage.spool.count('juliet@a.test')).toBe(1)
  })

  test('a request that changes nothing is over at once', async () => {
    await using fixture = await startFixture()
    const turn = fixture.afar.sends(
      "<iq type='get' from='b.test' to='a.test' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>",
    )
    expect(turn.over).toBe(true)
    fixture.afar.receives("<iq type='result' from='a.test' to='b.test' id='p1'/>")
  })

  test('a refusal goes back, and it is over', async () => {
    await using fixture = await startFixture()
    const turn = fixture.afar.sends(
      "<iq type='get' from='b.test' to='a.test' id='p1'><ping xmlns='urn:example:unknown'/></iq>",
    )
    expect(turn.over).toBe(true)
    fixture.afar.receives(
      "<iq type='error' from='a.test' to='b.test' id='p1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
  })
})
