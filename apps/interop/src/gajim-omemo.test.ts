import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { ConverseSite } from './clients/converse.ts'
import type { DriverSession, EventOf } from './clients/driver.ts'
import { gajim, shown } from './clients/gajim.ts'
import { launchServer } from './servers/launch.ts'
import type { ServerUnderTest } from './servers/server-under-test.ts'

let server: ServerUnderTest
beforeAll(async () => {
  server = await launchServer()
})
afterAll(() => (server as ServerUnderTest | undefined)?.stop())

const password = 'Where art thou?'

test('two with Gajim befriend, write by OMEMO both ways, see a picture, and find their history on a fresh device', async () => {
  onTestFailed(() => console.log(`Last words of ${server.name}:\n${server.log().slice(-6_000)}`))
  const [juliet, romeo] = [`juliet@${server.domain}`, `romeo@${server.domain}`]
  await Promise.all([juliet, romeo].map(jid => server.addAccount(jid, password)))
  const [first, second] = await Promise.all([
    gajim.login({ server, jid: juliet, password, resource: 'balcony' }),
    gajim.login({ server, jid: romeo, password, resource: 'orchard' }),
  ])
  await using balcony = first
  await using orchard = second
  await balcony.subscribe(romeo)
  await orchard.approve(juliet)
  await orchard.subscribe(juliet)
  await balcony.approve(romeo)
  await Promise.all([balcony.waitForSubscription(romeo, 'both'), orchard.waitForSubscription(juliet, 'both')])

  // XEP-0084
  await balcony.order({ do: 'picture' })
  const { sha } = await balcony.event('its picture', event => event.event === 'published' && event)
  await orchard.event(`the picture of ${juliet}`, event => event.event === 'avatar' && event.sha === sha)

  // In the open first: a fresh device has no keys for what was encrypted before it was there.
  await balcony.say(romeo, 'O Romeo, Romeo!')
  await orchard.waitForMessage(juliet, 'O Romeo, Romeo!')

  // XEP-0384
  await balcony.order({ do: 'encrypt', jid: romeo })
  await balcony.say(romeo, 'Deny thy father and refuse thy name')
  expect(await heard(orchard, 'Deny thy father and refuse thy name')).toMatchObject({ encrypted: 'OMEMO' })
  await orchard.order({ do: 'encrypt', jid: juliet })
  await orchard.say(juliet, 'Call me but love, and I’ll be new baptized')
  expect(await heard(balcony, 'Call me but love, and I’ll be new baptized')).toMatchObject({ encrypted: 'OMEMO' })

  // XEP-0313: a computer that juliet has not used before.
  await using fresh = await gajim.login({ server, jid: juliet, password, resource: 'tomb' })
  const texts = await shown(fresh, romeo, 3)
  expect(texts[0]).toBe('O Romeo, Romeo!')
  // Nobody but the two devices had the words.
  expect(texts.slice(1)).toEqual([notForIt, notForIt])
})

test('one with Gajim and one with Converse.js write to each other by OMEMO (XEP-0384)', async () => {
  onTestFailed(() => console.log(`Last words of ${server.name}:\n${server.log().slice(-6_000)}`))
  const [nurse, peter] = [`nurse@${server.domain}`, `peter@${server.domain}`]
  await Promise.all([nurse, peter].map(jid => server.addAccount(jid, password)))
  await using site = await ConverseSite.open(server)
  await using gtk = await gajim.login({ server, jid: peter, password, resource: 'street' })
  await using converse = await site.login(nurse, password, 'websocket')
  await converse.add(peter)
  await gtk.approve(nurse)
  await gtk.subscribe(nurse)
  await gtk.waitForSubscription(nurse, 'both')
  await converse.showsContact(peter, 'online')
  await converse.open(peter)
  await converse.encrypt()
  await converse.say('My fan, Peter')
  expect(await heard(gtk, 'My fan, Peter')).toMatchObject({ encrypted: 'OMEMO' })
  await gtk.order({ do: 'encrypt', jid: nurse })
  await gtk.say(nurse, 'Anon')
  await converse.shows('Anon', 'them')
  expect(await converse.isEncrypted('Anon')).toBe(true)
})

const notForIt = 'This message was encrypted with OMEMO, but not for your device.'

function heard(session: DriverSession, body: string): Promise<EventOf<'message'>> {
  return session.event(body, event => event.event === 'message' && event.body === body && event)
}
