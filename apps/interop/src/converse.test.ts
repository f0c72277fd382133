import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { ConverseSite, converseVersion, type Transport } from './clients/converse.ts'
import { Friend } from './clients/tercet.ts'
import { noteHandover } from './handover.ts'
import { temporaryHome } from './home.ts'
import { makeCertificate } from './servers/certificate.ts'
import { launchServer } from './servers/launch.ts'
import type { ServerUnderTest } from './servers/server-under-test.ts'

const open = new AsyncDisposableStack()
let server: ServerUnderTest
let site: ConverseSite
let name: string
beforeAll(async () => {
  server = open.use(await launchServer())
  site = open.use(await ConverseSite.open(server))
  name = `Converse.js ${await converseVersion()}`
})
afterAll(() => open.disposeAsync())

/** One pixel. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
const password = 'Where art thou?'

/** Accounts of these names. */
async function accounts<const N extends readonly string[]>(...names: N): Promise<{ [I in keyof N]: string }> {
  onTestFailed(() => console.log(`Last words of ${server.name}:\n${server.log().slice(-4_000)}`))
  const jids = names.map(local => `${local}@${server.domain}`)
  await Promise.all(jids.map(jid => server.addAccount(jid, password)))
  // One for each name.
  return jids as { [I in keyof N]: string }
}

/** Prints what it did. A BOSH session outlives its page, and with it what it has to say of its elements. */
async function tell(transport: Transport, jid: string, did: string): Promise<void> {
  const shares = transport === 'websocket' ? [await server.handoverShare(jid)] : []
  console.log(`${name} over ${transport} on ${server.name}: ${did}${noteHandover(name, shares)}`)
}

describe.each<Transport>(['websocket', 'bosh'])('Converse.js in Chromium over %s', transport => {
  test('logs in, adds a contact who agrees, and chats both ways; every iq is answered (RFC 6121, RFC 6120 §8.2.3)', async () => {
    const [juliet, romeo] = await accounts(`juliet.${transport}`, `romeo.${transport}`)
    {
      await using friend = await Friend.login(server, romeo, password)
      await using converse = await site.login(juliet, password, transport)
      await converse.add(romeo)
      await converse.showsContact(romeo, 'online')
      await friend.client.presence.set({ show: 'dnd' })
      await converse.showsContact(romeo, 'dnd')
      await converse.open(romeo)
      await converse.say('O, swear not by the moon & <stars> 🌙')
      await friend.hears('O, swear not by the moon & <stars> 🌙')
      await friend.say(juliet, 'What shall I swear by?')
      await converse.shows('What shall I swear by?', 'them')
      expect(await converse.hasAllAnswers()).toBeGreaterThan(8)
    }
    await tell(transport, juliet, 'added a contact and chatted both ways')
  })

  test('shows what another device of the account says, and in a fresh browser all that was said (XEP-0280, XEP-0313)', async () => {
    const [juliet, romeo] = await accounts(`capulet.${transport}`, `montague.${transport}`)
    const said = ['before there was a browser', 'from the phone', 'to the phone alone', 'from the browser'] as const
    {
      await using friend = await Friend.login(server, romeo, password)
      await using phone = await Friend.login(server, `${juliet}/phone`, password)
      await phone.client.presence.subscribe(romeo)
      await friend.say(juliet, said[0])
      {
        await using converse = await site.login(juliet, password, transport)
        await converse.showsContact(romeo, 'online')
        await converse.open(romeo)
        await converse.shows(said[0], 'them')
        await phone.say(romeo, said[1])
        await converse.shows(said[1], 'me')
        await friend.say(`${juliet}/phone`, said[2])
        await converse.shows(said[2], 'them')
        await converse.say(said[3])
        await friend.hears(said[3])
        expect(await converse.messages()).toEqual(said)
      }
      await using converse = await site.login(juliet, password, transport)
      await converse.open(romeo)
      await converse.shows(said[3], 'me')
      expect(await converse.messages()).toEqual(said)
      expect(await converse.hasAllAnswers()).toBeGreaterThan(8)
    }
    await tell(transport, juliet, 'showed carbons, and its history in a fresh browser')
  })

  test('sends a picture, and loses and doubles nothing when its page is left and comes back (XEP-0363, XEP-0198, XEP-0124)', async () => {
    const [juliet, romeo] = await accounts(`left.${transport}`, `right.${transport}`)
    {
      await using friend = await Friend.login(server, romeo, password)
      await using converse = await site.login(juliet, password, transport)
      await converse.add(romeo)
      await converse.showsContact(romeo, 'online')
      await converse.open(romeo)
      await converse.sendPicture('portrait.png', picture)
      const address = await friend.hears(/^https:\/\/\S+portrait\.png$/u)
      await friend.say(juliet, 'you are there')
      await converse.shows('you are there', 'them')
      await converse.keeps('you are there')
      await converse.leaveAnd(() => friend.say(juliet, 'you are away'))
      await converse.open(romeo)
      await converse.shows('you are away', 'them')
      await converse.say('I am back')
      await friend.hears('I am back')
      await converse.shows('I am back', 'me')
      expect(address).toContain('/upload/')
      // The picture has no words.
      expect(await converse.messages()).toEqual(['', 'you are there', 'you are away', 'I am back'])
    }
    await tell(transport, juliet, 'sent a picture, and was left and came back')
  })

  test('is refused with a wrong password, and refuses a certificate of a stranger (RFC 6120 §6.5, §13.7.2)', async () => {
    const [juliet] = await accounts(`nobody.${transport}`)
    await expect(site.login(juliet, 'something else', transport)).rejects.toThrow('AUTHFAIL')
    using folder = temporaryHome('stranger')
    const { caFile } = await makeCertificate(folder.path, server.domain)
    await using trusting = await ConverseSite.open(server, caFile)
    await expect(trusting.login(juliet, password, transport)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID')
  })
})
