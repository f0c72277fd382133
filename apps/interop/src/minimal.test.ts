import { afterAll, beforeAll, expect, test } from 'vitest'
import { slixmpp } from './clients/slixmpp.ts'
import { temporaryHome, type Home } from './home.ts'
import { makeCertificate, type TlsFiles } from './servers/certificate.ts'
import { launchMinimal } from './servers/minimal.ts'

const domain = 'interop.test'
let home: Home
let tls: TlsFiles
beforeAll(async () => {
  await slixmpp.version()
  home = temporaryHome('minimal')
  tls = await makeCertificate(home.path, domain)
})
afterAll(() => (home as Home | undefined)?.[Symbol.dispose]())

test('slixmpp chats through the minimal server, by SCRAM over TLS', async () => {
  await using server = await launchMinimal(domain, home.path, tls, ['romeo:moon', 'juliet:sun'])
  await using romeo = await slixmpp.login({ server, jid: `romeo@${domain}`, password: 'moon', resource: 'orchard' })
  expect(romeo.tls).toMatch(/^TLSv1\.[23]$/u)
  await using juliet = await slixmpp.login({ server, jid: `juliet@${domain}`, password: 'sun', resource: 'balcony' })
  await romeo.waitForSubscription(`juliet@${domain}`, 'both')
  await romeo.waitForPresence(`juliet@${domain}`, 'available')
  await juliet.waitForPresence(`romeo@${domain}`, 'available')
  await romeo.say(`juliet@${domain}`, 'Lady, by yonder blessed moon I vow & <swear>')
  await juliet.waitForMessage(`romeo@${domain}`, 'Lady, by yonder blessed moon I vow & <swear>')
  await juliet.say(romeo.jid, 'Do not swear — at all, ж')
  await romeo.waitForMessage(`juliet@${domain}`, 'Do not swear — at all, ж')
  await juliet.setPresence('dnd', 'im Gespräch')
  await romeo.waitForPresence(`juliet@${domain}`, 'dnd', 'im Gespräch')
  await juliet.logout()
  await romeo.waitForPresence(`juliet@${domain}`, 'unavailable')
})

test('its accounts survive a restart, and have the passwords they had', async () => {
  const juliet = { jid: `juliet@${domain}`, resource: 'balcony' }
  await (await launchMinimal(domain, home.path, tls, ['juliet:sun'])).stop()
  await using server = await launchMinimal(domain, home.path, tls, [])
  await using session = await slixmpp.login({ server, ...juliet, password: 'sun' })
  expect(session.jid).toBe(`juliet@${domain}/balcony`)
  await expect(slixmpp.login({ server, ...juliet, password: 'moon' })).rejects.toThrow(/not.?authori[sz]ed/iu)
})
