/**
 * What reaches a phone in a busy hour: composed, not recorded, so that nobody's life is in it. 200 contacts of whom 80 are online, five rooms of
 * which two are lively, six conversations, and a desktop client of the same user. Every run is the same.
 */

/** One stanza for the phone, and when it comes. */
export interface Arrival {
  readonly atSecond: number
  readonly kind: 'presence' | 'pep' | 'room presence' | 'room message' | 'chat' | 'chat state' | 'sign' | 'carbon'
  readonly xml: string
}

const PHONE = 'juliet@a.test/phone'
const ROOMS = [120, 80, 40, 25, 10].map((occupants, index) => ({
  jid: `room${index}@rooms.b.test`,
  occupants,
  perHour: [45, 30, 6, 3, 1][index]!,
}))
const CAPS =
  "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://client.example' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>"
const PHOTO = "<x xmlns='vcard-temp:x:update'><photo>sha1-hash-of-image-40-characters-here-00</photo></x>"
const STATES = "xmlns='http://jabber.org/protocol/chatstates'"

/** The hour, in order. */
export function busyHour(): readonly Arrival[] {
  const random = seeded(352)
  const second = (): number => Math.floor(random() * 3600)
  const arrivals: Arrival[] = []
  const add = (atSecond: number, kind: Arrival['kind'], xml: string): void => {
    if (atSecond < 3600) arrivals.push({ atSecond, kind, xml })
  }
  const contact = (index: number): string => `contact${index}@b.test/device`

  // People go away from their desks and come back: four changes an hour for each of the 80 who are online.
  for (let index = 0; index < 80; index++)
    for (let change = 0; change < 4; change++) {
      const show = change % 2 === 0 ? '<show>away</show><status>Away from the keyboard</status>' : ''
      add(second(), 'presence', `<presence from='${contact(index)}' to='${PHONE}'>${show}${CAPS}${PHOTO}</presence>`)
    }
  // Phones on bad links come and go.
  for (let index = 80; index < 95; index++)
    for (let time = 0; time < 6; time++) {
      const type = time % 2 === 0 ? '' : " type='unavailable'"
      add(
        second(),
        'presence',
        `<presence from='${contact(index)}' to='${PHONE}'${type}>${type ? '' : CAPS}</presence>`,
      )
    }
  for (let index = 0; index < 40; index++) {
    const node = [
      'eu.siacs.conversations.axolotl.devicelist',
      'urn:xmpp:avatar:metadata',
      'http://jabber.org/protocol/tune',
    ][index % 3]!
    add(
      second(),
      'pep',
      event(
        `contact${index % 12}@b.test`,
        node,
        `<item id='${index}'><x xmlns='urn:example:item'>${'x'.repeat(120)}</x></item>`,
      ),
    )
  }
  for (const { jid, occupants, perHour } of ROOMS) {
    for (let count = 0; count < occupants / 2; count++) {
      const type = count % 2 === 0 ? '' : " type='unavailable'"
      const item = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/></x>"
      add(
        second(),
        'room presence',
        `<presence from='${jid}/nick${Math.floor(random() * occupants)}' to='${PHONE}'${type}>${item}${CAPS}</presence>`,
      )
    }
    for (let count = 0; count < perHour; count++)
      add(
        second(),
        'room message',
        `<message from='${jid}/nick${count % occupants}' to='${PHONE}' type='groupchat' id='${jid}${count}'><body>${words(random)}</body></message>`,
      )
  }
  // Six conversations: each message is announced by a state or two.
  for (let talk = 0; talk < 6; talk++) {
    const from = contact(talk)
    let at = second()
    for (let count = 0; count < 10; count++) {
      at += 5 + Math.floor(random() * 90)
      add(at, 'chat state', `<message from='${from}' to='${PHONE}' type='chat'><composing ${STATES}/></message>`)
      if (random() < 0.4)
        add(at + 3, 'chat state', `<message from='${from}' to='${PHONE}' type='chat'><paused ${STATES}/></message>`)
      if (random() < 0.2) continue
      add(
        at + 8,
        'chat',
        `<message from='${from}' to='${PHONE}' type='chat' id='t${talk}-${count}'><body>${words(random)}</body><active ${STATES}/><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>`,
      )
    }
  }
  // The user writes on a desktop: copies of what was sent, receipts and marks of those who got it.
  let at = 600
  for (let count = 0; count < 25; count++) {
    at += 20 + Math.floor(random() * 100)
    const id = `d${count}`
    const to = contact(count % 4)
    add(
      at,
      'carbon',
      `<message from='juliet@a.test' to='${PHONE}' type='chat'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='juliet@a.test/desk' to='${to}' type='chat' id='${id}'><body>${words(random)}</body></message></forwarded></sent></message>`,
    )
    const sign = (name: string, ns: string): string =>
      `<message from='${to}' to='${PHONE}' type='chat'><${name} xmlns='${ns}' id='${id}'/></message>`
    add(at + 1, 'sign', sign('received', 'urn:xmpp:receipts'))
    add(at + 15 + Math.floor(random() * 200), 'sign', sign('displayed', 'urn:xmpp:chat-markers:0'))
  }
  return arrivals.sort((a, b) => a.atSecond - b.atSecond)
}

function event(from: string, node: string, item: string): string {
  return `<message from='${from}' to='${PHONE}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='${node}'>${item}</items></event></message>`
}

function words(random: () => number): string {
  return 'But soft, what light through yonder window breaks? '.repeat(3).slice(0, 10 + Math.floor(random() * 130))
}

/** Numbers that look random and are always the same (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296
  }
}
