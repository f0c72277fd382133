/** What two users on two servers expect of each other; the same for every pair of servers and every kind of trust. */

import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { User, Users } from './clients.ts'
import { domainOf, hasRooms, roomsOf, type Kind, type ServerName } from './kinds.ts'
import type { FederatedServer } from './server.ts'

/** Two users who have not met, and how to make more. */
export interface Meeting {
  readonly kind: Kind
  readonly near: FederatedServer
  readonly far: FederatedServer
  readonly juliet: User
  readonly romeo: User
  readonly users: Users
}

const bare = (jid: string | null) => jid?.split('/')[0]

/** Makes two accounts and logs them in. */
export async function meet(users: Users, near: FederatedServer, far: FederatedServer, kind: Kind): Promise<Meeting> {
  const name = randomUUID().slice(0, 8)
  const [juliet, romeo] = await Promise.all([
    newUser(users, near, kind, `juliet-${name}`),
    newUser(users, far, kind, `romeo-${name}`),
  ])
  return { kind, near, far, juliet, romeo, users }
}

async function newUser(users: Users, server: FederatedServer, kind: Kind, name: string): Promise<User> {
  const jid = `${name}@${domainOf(kind, server.name)}`
  await server.addAccount(jid, 'secret')
  return users.login(server.address(kind), jid, 'secret')
}

const say = (to: string, body: string, id = randomUUID()) =>
  `<message to='${to}' type='chat' id='${id}'><body>${body}</body></message>`

const ROOM = 'a room of the other server'

/** What two servers do with each other: rooms where one of them has any. */
export function behavioursOf(one: ServerName, other: ServerName): [string, (meeting: Meeting) => Promise<void>][] {
  return Object.entries(federation).filter(([name]) => name !== ROOM || hasRooms(one) || hasRooms(other))
}

/** The whole conversation, in the order in which two people would have it. */
const federation: Readonly<Record<string, (meeting: Meeting) => Promise<void>>> = {
  async 'chat both ways'({ juliet, romeo }) {
    await juliet.send(say(romeo.jid, 'Wherefore art thou?'))
    await romeo.hear('her', it => bare(it.from) === juliet.jid && it.body === 'Wherefore art thou?')
    await romeo.send(say(juliet.jid, 'Neither, fair saint'))
    await juliet.hear('him', it => bare(it.from) === romeo.jid && it.body === 'Neither, fair saint')
  },

  async 'subscription and presence'({ juliet, romeo }) {
    await juliet.send(`<presence to='${romeo.jid}' type='subscribe'/>`)
    await romeo.hear('her request', it => it.type === 'subscribe' && bare(it.from) === juliet.jid)
    await romeo.send(
      `<presence to='${juliet.jid}' type='subscribed'/>`,
      `<presence to='${juliet.jid}' type='subscribe'/>`,
    )
    await juliet.hear('his grant', it => it.type === 'subscribed' && bare(it.from) === romeo.jid)
    await juliet.hear('his presence', it => it.event === 'presence' && it.type === null && bare(it.from) === romeo.jid)
    await juliet.hear('his request', it => it.type === 'subscribe' && bare(it.from) === romeo.jid)
    await juliet.send(`<presence to='${romeo.jid}' type='subscribed'/>`)
    await romeo.hear('her presence', it => it.event === 'presence' && it.type === null && bare(it.from) === juliet.jid)
    await romeo.send('<presence><show>dnd</show></presence>')
    await juliet.hear('him busy', it => it.show === 'dnd' && bare(it.from) === romeo.jid)
  },

  async 'many messages keep their order'({ juliet, romeo }) {
    const bodies = Array.from({ length: 50 }, (_, index) => `verse ${index}`)
    await Promise.all([
      juliet.send(...bodies.map(body => say(romeo.jid, body))),
      romeo.send(...bodies.map(body => say(juliet.jid, body))),
    ])
    for (const [reader, writer] of [
      [juliet, romeo],
      [romeo, juliet],
    ] as const) {
      await reader.hear('the last verse', it => it.body === bodies.at(-1))
      const verses = reader.heard.filter(it => bare(it.from) === writer.jid && it.body?.startsWith('verse') === true)
      expect(verses.map(it => it.body)).toEqual(bodies)
    }
  },

  async [ROOM]({ kind, near, far, juliet, romeo }) {
    if (hasRooms(far.name)) await joinAndTalk(kind, far, juliet, romeo)
    if (hasRooms(near.name)) await joinAndTalk(kind, near, romeo, juliet)
  },

  async 'an error comes back'({ kind, far, juliet }) {
    // A question: of a message to nobody a server may say nothing (RFC 6121 §8.5.1).
    const nobody = `nobody-${randomUUID().slice(0, 8)}@${domainOf(kind, far.name)}`
    const id = randomUUID()
    await juliet.send(`<iq to='${nobody}' type='get' id='${id}'><query xmlns='jabber:iq:version'/></iq>`)
    const error = await juliet.hear('the error', it => it.id === id && it.type === 'error')
    expect(error).toMatchObject({ event: 'iq', from: nobody, condition: 'service-unavailable' })
  },

  async 'offline on the far side'({ kind, far, juliet, romeo, users }) {
    await romeo.send("<presence type='unavailable'/>")
    await juliet.hear('him leave', it => it.type === 'unavailable' && bare(it.from) === romeo.jid)
    await romeo.logout()
    await juliet.send(say(romeo.jid, 'Are you there?'))
    await juliet.settle()
    const back = await users.login(far.address(kind), romeo.jid, 'secret')
    const kept = await back.hear('what came meanwhile', it => it.body === 'Are you there?')
    expect(bare(kept.from)).toBe(juliet.jid)
    await back.logout()
  },
}

/** `guest` joins a room on the server of `host`, who owns it, and both talk. */
async function joinAndTalk(kind: Kind, server: FederatedServer, guest: User, host: User): Promise<void> {
  const room = `balcony-${randomUUID().slice(0, 8)}@${roomsOf(kind, server.name)}`
  const join = (nick: string) => `<presence to='${room}/${nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`
  await host.send(join('host'))
  await host.hear('that the room is there', it => it.from === `${room}/host` && it.statuses.includes('110'))
  // A new room may wait for its owner to accept its settings (XEP-0045 §10.1.2).
  await host.send(
    `<iq to='${room}' type='set' id='${randomUUID()}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
  )
  await host.settle()
  await guest.send(join('guest'))
  await guest.hear('that it is in', it => it.from === `${room}/guest` && it.statuses.includes('110'))
  await guest.send(`<message to='${room}' type='groupchat'><body>from afar</body></message>`)
  for (const it of [guest, host])
    await it.hear('the guest', stanza => stanza.from === `${room}/guest` && stanza.body === 'from afar')
  await host.send(`<message to='${room}' type='groupchat'><body>welcome</body></message>`)
  await guest.hear('the host', it => it.from === `${room}/host` && it.body === 'welcome')
  await guest.send(`<presence to='${room}/guest' type='unavailable'/>`)
  await host.hear('the guest leave', it => it.from === `${room}/guest` && it.type === 'unavailable')
}
