/** What people at real clients see when the server is killed, and comes back. */

import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { ConverseSite } from './clients/converse.ts'
import { gajim, shown } from './clients/gajim.ts'
import { Friend } from './clients/tercet.ts'
import { launchTercet, type MortalServer } from './servers/tercet.ts'
import { waitFor } from './wait.ts'

const password = 'Where art thou?'
let server: MortalServer
beforeAll(async () => {
  server = await launchTercet()
})
afterAll(() => (server as MortalServer | undefined)?.stop())

test('Gajim, Converse.js and @tercet/client go on when the server was killed: nothing is lost, nothing is doubled', async () => {
  onTestFailed(() => console.log(`Last words of ${server.name}:\n${server.log().slice(-6_000)}`))
  const [juliet, nurse, romeo] = ['juliet', 'nurse', 'romeo'].map(name => `${name}@${server.domain}`) as [
    string,
    string,
    string,
  ]
  await Promise.all([juliet, nurse, romeo].map(jid => server.addAccount(jid, password)))
  await using site = await ConverseSite.open(server)
  await using friend = await Friend.login(server, romeo, password)
  await using gtk = await gajim.login({ server, jid: juliet, password, resource: 'balcony' })
  await using page = await site.login(nurse, password, 'websocket')
  await page.add(romeo)
  await page.showsContact(romeo, 'online')
  await page.open(romeo)
  await friend.say(juliet, 'one')
  await friend.say(nurse, 'one')
  await gtk.waitForMessage(romeo, 'one')
  await page.shows('one', 'them')

  // What was confirmed in the last moment before the end comes again, with the stanza-id that it had (XEP-0359): Gajim shows it twice.
  await waitFor('all is confirmed, on disk too', () => server.owed() === 0)

  await server.kill()
  const said = Promise.all([friend.say(juliet, 'two, into the void'), friend.say(nurse, 'two, into the void')])
  await server.start()
  // Resolves when the server that came back has them.
  await said
  await page.shows('two, into the void', 'them')
  await page.say('three')
  await friend.hears('three')
  expect(await page.messages()).toEqual(['one', 'two, into the void', 'three'])
  expect(await shown(gtk, romeo, 2)).toEqual(['one', 'two, into the void'])
  await gtk.say(romeo, 'four')
  await friend.hears('four')
  expect(await shown(gtk, romeo, 3)).toEqual(['one', 'two, into the void', 'four'])
  expect(friend.words).toEqual(['three', 'four'])
})
