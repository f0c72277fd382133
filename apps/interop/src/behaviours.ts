/** One body of behaviours for every client: what a person does with it, seen from the other end. */

import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { slixmpp } from './clients/slixmpp.ts'
import type { InteropClient, Login, Session, Talker } from './clients/interop-client.ts'
import { temporaryHome } from './home.ts'
import { noteHandover } from './handover.ts'
import { recorded } from './record.ts'
import { makeCertificate } from './servers/certificate.ts'
import { launchServer } from './servers/launch.ts'
import type { ServerUnderTest } from './servers/server-under-test.ts'

interface Account {
  readonly server: ServerUnderTest
  readonly jid: string
  readonly password: string
  readonly mechanism?: 'PLAIN'
}

/** One behaviour's stage: the client under test, a server, and fresh accounts for both ends. */
export interface Stage<S extends Talker> {
  readonly client: InteropClient<S>
  readonly server: ServerUnderTest
  /** The account of the client under test. */
  readonly mine: Account
  /** The account of the other party, which slixmpp plays. */
  readonly theirs: Account
  /** Makes one more account for the client under test. */
  readonly account: (local: string, password?: string) => Promise<Account>
}

export interface Behaviour<S extends Talker> {
  readonly title: string
  /** Returns what the client did, for the printed line. */
  readonly run: (stage: Stage<S>) => Promise<string>
}

/** Registers the tests of one client: a server for the file, fresh accounts for each behaviour, one printed line each. */
export function interop<S extends Talker>(client: InteropClient<S>, behaviours: readonly Behaviour<S>[]): void {
  describe(client.name, () => {
    let server: ServerUnderTest
    /** The server as the client under test sees it: through a relay when its XML is recorded. */
    let seen: ServerUnderTest
    let version: string
    beforeAll(async () => {
      version = await client.version()
      await slixmpp.version()
      server = await launchServer()
      seen = process.env['TERCET_INTEROP_RECORD'] === '1' ? await recorded(server, client.name) : server
    })
    afterAll(async () => {
      // Neither is there when the client is missing.
      if ((seen as ServerUnderTest | undefined) !== server) await seen.stop()
      await (server as ServerUnderTest | undefined)?.stop()
    })

    test.each(behaviours.map((behaviour, index) => ({ ...behaviour, index })))('$title', async ({ run, index }) => {
      onTestFailed(() => console.log(`Last words of ${server.name}:\n${server.log().slice(-4_000)}`))
      const accounts: string[] = []
      const account = async (local: string, password = `secret of ${local}`) => {
        const jid = `${local}@${server.domain}`
        await server.addAccount(jid, password)
        accounts.push(jid)
        return { server: seen, jid, password }
      }
      const mine = await account(`romeo${index}`)
      // The other party is only a means: whether slixmpp and the server agree on more than PLAIN is slixmpp's own test.
      const theirs = { ...(await account(`juliet${index}`)), server, mechanism: 'PLAIN' as const }
      const did = await run({ client, server, mine, theirs, account })
      const shares = await Promise.all(accounts.filter(jid => jid !== theirs.jid).map(jid => server.handoverShare(jid)))
      const handover = noteHandover(`${client.name} ${version}`, shares)
      console.log(`${client.name} ${version} on ${server.name}: ${did}${handover}`)
    })
  })
}

const login: Behaviour<Talker> = {
  title: 'logs in over TLS through every door it knows (RFC 6120 §5, XEP-0368, RFC 7395)',
  async run({ client, mine }) {
    const seen: string[] = []
    for (const door of client.doors) {
      await using session = await client.login({ ...mine, resource: 'balcony', door })
      // XEP-0386 §3.2.1: where the client's choice is a tag, the server writes something of its own behind it.
      if (session.jid.includes('/')) expect(session.jid).toMatch(new RegExp(`^${mine.jid}/balcony(/[\\w-]{8,})?$`))
      seen.push(`${door} (${session.tls})`)
      await session.logout()
    }
    return `logged in by ${seen.join(', ')}`
  },
}

const strangeCertificate: Behaviour<Talker> = {
  title: 'refuses a certificate of an authority that it does not trust (RFC 6120 §13.7.2)',
  async run({ client, server, mine }) {
    using folder = temporaryHome('stranger')
    const { caFile } = await makeCertificate(folder.path, server.domain)
    // A server that leaves WebSocket's TLS to a proxy shows no certificate there.
    const doors = client.doors.filter(door => door !== 'websocket' || server.wsUrl.startsWith('wss:'))
    for (const door of doors)
      await expectRefusal(client, { ...mine, resource: 'balcony', door, caFile }, /certificate|TLS|SSL/iu)
    return doors.length > 0
      ? `refused the certificate of a stranger by ${doors.join(', ')}`
      : 'was shown no certificate'
  },
}

const wrongPassword: Behaviour<Talker> = {
  title: 'is refused with a wrong password (RFC 6120 §6.5)',
  async run({ client, mine }) {
    await expectRefusal(
      client,
      { ...mine, password: 'something else', resource: 'balcony' },
      /not.?authori[sz]ed|auth failure|login failed|authentication failed/iu,
    )
    return 'was refused with a wrong password'
  },
}

async function expectRefusal(client: InteropClient<Talker>, login: Login, expected: RegExp): Promise<void> {
  const door = login.door ?? client.doors[0]
  const outcome = await client.login(login).then(
    async session => {
      await session[Symbol.asyncDispose]()
      return 'logged in'
    },
    (error: unknown) => String(error),
  )
  // A bound that was met or a server that is away is no refusal.
  expect(outcome, `${client.name} by ${door}`).toMatch(expected)
  expect(outcome, `${client.name} by ${door}`).not.toMatch(/Error: Waited|ECONNREFUSED|Errno 111/u)
}

const chat: Behaviour<Talker> = {
  title: 'chats both ways (RFC 6121 §5)',
  async run({ client, mine, theirs }) {
    await using romeo = await client.login({ ...mine, resource: 'orchard' })
    await using juliet = await slixmpp.login({ ...theirs, resource: 'balcony' })
    await romeo.say(theirs.jid, 'Lady, by yonder blessed moon I vow & <swear>')
    await juliet.waitForMessage(mine.jid, 'Lady, by yonder blessed moon I vow & <swear>')
    await juliet.say(mine.jid, "O, swear not by the moon, th'inconstant moon")
    await romeo.waitForMessage(theirs.jid, "O, swear not by the moon, th'inconstant moon")
    await romeo.say(theirs.jid, 'Was soll ich schwören? “Что?” €')
    await juliet.waitForMessage(mine.jid, 'Was soll ich schwören? “Что?” €')
    await juliet.say(mine.jid, 'Do not swear — at all, ж')
    await romeo.waitForMessage(theirs.jid, 'Do not swear — at all, ж')
    return 'sent two chat messages and showed two'
  },
}

const offline: Behaviour<Talker> = {
  title: 'shows a message that was sent while it was offline (RFC 6121 §8.5.2.2, XEP-0160)',
  async run({ client, mine, theirs }) {
    await using juliet = await slixmpp.login({ ...theirs, resource: 'balcony' })
    await juliet.say(mine.jid, 'What’s in a name?')
    // The round trip proves that the server has dealt with the message before its receiver comes.
    await juliet.settle()
    await using romeo = await client.login({ ...mine, resource: 'orchard' })
    const { delayed } = await romeo.waitForMessage(theirs.jid, 'What’s in a name?')
    if (delayed !== undefined) expect(delayed).toBe(true)
    return `showed an offline message${delayed ? ' with its delay stamp' : ''}`
  },
}

const offlineAgain: Behaviour<Session> = {
  title: 'goes offline, is seen to, and finds on return what was said meanwhile (RFC 6121 §4.5, §8.5.2.2)',
  async run({ client, mine, theirs }) {
    await using juliet = await slixmpp.login({ ...theirs, resource: 'balcony' })
    await using before = await client.login({ ...mine, resource: 'orchard' })
    await befriend(before, mine.jid, juliet, theirs.jid)
    await before.logout()
    await juliet.waitForPresence(mine.jid, 'unavailable')
    await juliet.say(mine.jid, 'Wherefore art thou Romeo?')
    await juliet.settle()
    await using after = await client.login({ ...mine, resource: 'orchard' })
    const { delayed } = await after.waitForMessage(theirs.jid, 'Wherefore art thou Romeo?')
    if (delayed !== undefined) expect(delayed).toBe(true)
    await after.waitForSubscription(theirs.jid, 'both')
    return 'logged out, came back to its roster and an offline message'
  },
}

const roster: Behaviour<Session> = {
  title: 'adds a contact and both subscribe to each other (RFC 6121 §2.3, §3.1)',
  async run({ client, mine, theirs }) {
    await using romeo = await client.login({ ...mine, resource: 'orchard' })
    await using juliet = await slixmpp.login({ ...theirs, resource: 'balcony' })
    await befriend(romeo, mine.jid, juliet, theirs.jid)
    return 'added a contact, asked for and granted a subscription'
  },
}

const presence: Behaviour<Session> = {
  title: 'shows and tells presence with show and status (RFC 6121 §4.7)',
  async run({ client, mine, theirs }) {
    await using romeo = await client.login({ ...mine, resource: 'orchard' })
    await using juliet = await slixmpp.login({ ...theirs, resource: 'balcony' })
    await befriend(romeo, mine.jid, juliet, theirs.jid)
    await romeo.setPresence('away', 'unter dem Balkon, müde')
    await juliet.waitForPresence(mine.jid, 'away', 'unter dem Balkon, müde')
    await romeo.setPresence('dnd', 'climbing')
    await juliet.waitForPresence(mine.jid, 'dnd', 'climbing')
    await juliet.setPresence('xa', 'asleep')
    await romeo.waitForPresence(theirs.jid, 'xa', 'asleep')
    await juliet.setPresence('dnd', 'im Gespräch')
    await romeo.waitForPresence(theirs.jid, 'dnd', 'im Gespräch')
    await juliet.logout()
    await romeo.waitForPresence(theirs.jid, 'unavailable')
    return 'told away and dnd with status, showed xa, dnd and unavailable'
  },
}

const twoResources: Behaviour<Session> = {
  title: 'runs twice for one account, each reached by its full JID (RFC 6121 §8.5.3)',
  async run({ client, mine, theirs }) {
    await using orchard = await client.login({ ...mine, resource: 'orchard' })
    await using garden = await client.login({ ...mine, resource: 'garden' })
    await using juliet = await slixmpp.login({ ...theirs, resource: 'balcony' })
    await juliet.say(orchard.jid, 'to the orchard')
    await orchard.waitForMessage(theirs.jid, 'to the orchard')
    await juliet.say(garden.jid, 'to the garden')
    await garden.waitForMessage(theirs.jid, 'to the garden')
    await orchard.say(theirs.jid, 'from the orchard')
    await garden.say(theirs.jid, 'from the garden')
    await juliet.waitForMessage(mine.jid, 'from the orchard')
    await juliet.waitForMessage(mine.jid, 'from the garden')
    await garden.logout()
    await juliet.settle()
    await juliet.say(mine.jid, 'to whoever is there')
    await orchard.waitForMessage(theirs.jid, 'to whoever is there')
    return 'spoke as two resources and stayed with one'
  },
}

const beyondAscii: Behaviour<Session> = {
  title: 'has local part, password, resource and body beyond ASCII (RFC 7622 §3, RFC 8265 §4)',
  async run({ client, server, theirs, account }) {
    const mine = await account('jürgen', 'pâßwört-Ж☂')
    await using juergen = await client.login({ ...mine, resource: 'café' })
    await using juliet = await slixmpp.login({ ...theirs, resource: 'balcony' })
    expect(juergen.jid).toBe(`jürgen@${server.domain}/café`)
    await befriend(juergen, mine.jid, juliet, theirs.jid)
    await juergen.say(theirs.jid, 'Grüße 👋🏽 aus dem 𝒞afé\nzweite Zeile')
    await juliet.waitForMessage(mine.jid, 'Grüße 👋🏽 aus dem 𝒞afé\nzweite Zeile')
    await juliet.say(juergen.jid, '👩‍👩‍👧 שלום')
    await juergen.waitForMessage(theirs.jid, '👩‍👩‍👧 שלום')
    return `chatted as ${juergen.jid} with emoji in the bodies`
  },
}

/** Both add and ask, both grant, both rosters say `both`. */
async function befriend(one: Session, oneJid: string, other: Session, otherJid: string): Promise<void> {
  await one.subscribe(otherJid)
  await other.approve(oneJid)
  await other.subscribe(oneJid)
  await one.approve(otherJid)
  await one.waitForSubscription(otherJid, 'both')
  await other.waitForSubscription(oneJid, 'both')
}

/** For clients which can only send and listen. */
export const talking: readonly Behaviour<Talker>[] = [login, strangeCertificate, wrongPassword, chat, offline]

/** For everything that calls itself a chat client. */
export const everything: readonly Behaviour<Session>[] = [...talking, roster, presence, twoResources, offlineAgain]

/** For clients that let a script choose any address: see the title. */
export const beyondAsciiToo: readonly Behaviour<Session>[] = [...everything, beyondAscii]
