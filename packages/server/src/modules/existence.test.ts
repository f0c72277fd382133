import { readFragment, show, type XmlElement } from '@tercet/testkit'
import { expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../fixture.ts'

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const form = (type: string): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${type}</value></field></x>`

/** What a stranger may ask an account, or try with it; each kind of request that some account of ours answers to its owner is here. */
const requests: readonly [title: string, type: 'get' | 'set', payload: string][] = [
  ['roster', 'get', "<query xmlns='jabber:iq:roster'/>"],
  ['roster', 'set', "<query xmlns='jabber:iq:roster'><item jid='nurse@a.test'/></query>"],
  ['a roster that is none', 'set', "<query xmlns='jabber:iq:roster'><item/></query>"],
  ['disco#info', 'get', "<query xmlns='http://jabber.org/protocol/disco#info'/>"],
  ['disco#info of a node', 'get', "<query xmlns='http://jabber.org/protocol/disco#info' node='urn:x'/>"],
  ['disco#items', 'get', "<query xmlns='http://jabber.org/protocol/disco#items'/>"],
  ['disco#items of a node', 'get', "<query xmlns='http://jabber.org/protocol/disco#items' node='urn:x'/>"],
  ['items', 'get', `<pubsub xmlns='${PUBSUB}'><items node='urn:x'/></pubsub>`],
  ['items without a node', 'get', `<pubsub xmlns='${PUBSUB}'><items/></pubsub>`],
  ['nothing of pubsub', 'get', `<pubsub xmlns='${PUBSUB}'/>`],
  ['affiliations', 'get', `<pubsub xmlns='${PUBSUB}'><affiliations/></pubsub>`],
  ['subscriptions', 'get', `<pubsub xmlns='${PUBSUB}'><subscriptions/></pubsub>`],
  ['options of a subscription', 'get', `<pubsub xmlns='${PUBSUB}'><options node='urn:x' jid='romeo@a.test'/></pubsub>`],
  [
    'publish',
    'set',
    `<pubsub xmlns='${PUBSUB}'><publish node='urn:x'><item><x xmlns='urn:x'/></item></publish></pubsub>`,
  ],
  ['create', 'set', `<pubsub xmlns='${PUBSUB}'><create node='urn:x'/></pubsub>`],
  ['subscribe', 'set', `<pubsub xmlns='${PUBSUB}'><subscribe node='urn:x' jid='romeo@a.test'/></pubsub>`],
  ['unsubscribe', 'set', `<pubsub xmlns='${PUBSUB}'><unsubscribe node='urn:x' jid='romeo@a.test'/></pubsub>`],
  ['retract', 'set', `<pubsub xmlns='${PUBSUB}'><retract node='urn:x'><item id='1'/></retract></pubsub>`],
  ['configure', 'get', `<pubsub xmlns='${PUBSUB}#owner'><configure node='urn:x'/></pubsub>`],
  ['defaults', 'get', `<pubsub xmlns='${PUBSUB}#owner'><default/></pubsub>`],
  [
    'configure',
    'set',
    `<pubsub xmlns='${PUBSUB}#owner'><configure node='urn:x'>${form(`${PUBSUB}#node_config`)}</configure></pubsub>`,
  ],
  ['delete', 'set', `<pubsub xmlns='${PUBSUB}#owner'><delete node='urn:x'/></pubsub>`],
  ['purge', 'set', `<pubsub xmlns='${PUBSUB}#owner'><purge node='urn:x'/></pubsub>`],
  ['vCard', 'get', "<vCard xmlns='vcard-temp'/>"],
  ['vCard', 'set', "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>"],
  ['vCard4', 'get', "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>"],
  ['private data', 'get', "<query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query>"],
  ['private data', 'set', "<query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query>"],
  ['last activity', 'get', "<query xmlns='jabber:iq:last'/>"],
  ['ping', 'get', "<ping xmlns='urn:xmpp:ping'/>"],
  ['time', 'get', "<time xmlns='urn:xmpp:time'/>"],
  ['version', 'get', "<query xmlns='jabber:iq:version'/>"],
  ['blocklist', 'get', "<blocklist xmlns='urn:xmpp:blocking'/>"],
  ['block', 'set', "<block xmlns='urn:xmpp:blocking'><item jid='nurse@a.test'/></block>"],
  ['archive', 'set', "<query xmlns='urn:xmpp:mam:2'/>"],
  ['fields of an archive', 'get', "<query xmlns='urn:xmpp:mam:2'/>"],
  ['metadata', 'get', "<metadata xmlns='urn:xmpp:mam:2'/>"],
  ['preferences', 'get', "<prefs xmlns='urn:xmpp:mam:2'/>"],
  ['preferences', 'set', "<prefs xmlns='urn:xmpp:mam:2' default='never'/>"],
  ['inbox', 'get', "<inbox xmlns='urn:xmpp:inbox:1'/>"],
  ['registration', 'get', "<query xmlns='jabber:iq:register'/>"],
  ['removal', 'set', "<query xmlns='jabber:iq:register'><remove/></query>"],
  ['carbons', 'set', "<enable xmlns='urn:xmpp:carbons:2'/>"],
  ['push', 'set', "<enable xmlns='urn:xmpp:push:0' jid='push.test' node='n'/>"],
  ['commands', 'set', "<command xmlns='http://jabber.org/protocol/commands' node='urn:x'/>"],
  ['clients', 'get', "<list xmlns='urn:xmpp:cam:0'/>"],
  ['upload', 'get', "<request xmlns='urn:xmpp:http:upload:0' filename='f' size='1'/>"],
  ['external services', 'get', "<services xmlns='urn:xmpp:extdisco:2'/>"],
  ['something unknown', 'get', "<x xmlns='urn:x'/>"],
  ['something unknown', 'set', "<x xmlns='urn:x'/>"],
]

const others: readonly [title: string, stanza: string][] = [
  ['chat', "<message TO type='chat'><body>Hist!</body></message>"],
  [
    'chat that may not be kept',
    "<message TO type='chat'><body>Hist!</body><no-store xmlns='urn:xmpp:hints'/></message>",
  ],
  ['a normal message', '<message TO><body>Hist!</body></message>'],
  ['a headline', "<message TO type='headline'><body>Hist!</body></message>"],
  ['groupchat', "<message TO type='groupchat'><body>Hist!</body></message>"],
  [
    'an error',
    "<message TO type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
  ],
  ['presence', '<presence TO/>'],
  ['a good-bye', "<presence TO type='unavailable'/>"],
  ['a probe', "<presence TO type='probe'/>"],
  ['a subscription', "<presence TO type='subscribe'/>"],
  ['a grant', "<presence TO type='subscribed'/>"],
  ['the end of a subscription', "<presence TO type='unsubscribe'/>"],
  ['the end of a grant', "<presence TO type='unsubscribed'/>"],
  ['a result', "<iq TO type='result' id='r1'/>"],
]

/** What comes back, with the name of whoever was asked taken out. */
function told(elements: readonly string[], who: string): string[] {
  return elements.map(text => show(readFragment(text)[0] as XmlElement).replaceAll(who, 'SOMEBODY')).sort()
}

async function answersTo(fixture: Fixture, client: Client, stanza: string, who: string): Promise<string[]> {
  client.send(stanza.replace('TO', `to='${who}'`))
  await fixture.quiet()
  const found = client.unread
  client.forget()
  return told(found, who.split('/')[0]!)
}

test.each([
  ['an account', ''],
  ['a resource', '/cell'],
])(
  'whoever is there or not, %s of somebody else answers the same (RFC 6120 §8.3.3, RFC 6121 §8.5)',
  async (_, resource) => {
    // Juliet is away, tybalt is there; nobody is not.
    await using fixture = await startFixture({ accounts: ['romeo@a.test', 'juliet@a.test', 'tybalt@a.test'] })
    const tybalt = await fixture.available('tybalt@a.test/home')
    const romeo = await fixture.login('romeo@a.test/orchard')
    const stanzas = [
      ...requests.map(([title, type, payload]) => [title, `<iq TO type='${type}' id='q1'>${payload}</iq>`] as const),
      ...others,
    ]
    for (const [title, stanza] of stanzas) {
      const answers: string[][] = []
      for (const who of ['nobody@a.test', 'juliet@a.test', 'tybalt@a.test'])
        answers.push(await answersTo(fixture, romeo, stanza, who + resource))
      expect.soft(answers[1], `${title}, of one who is away`).toEqual(answers[0])
      // What subscribing to somebody gives has been had before: the roster knows of it.
      expect.soft(answers[2], `${title}, of one who is there`).toEqual(answers[0])
      tybalt.forget()
    }
  },
)

test('the same from another server', async () => {
  await using fixture = await startFixture({ accounts: ['juliet@a.test', 'tybalt@a.test'] })
  await fixture.available('tybalt@a.test/home')
  const { afar } = fixture
  const all = [
    ...requests.map(([title, type, payload]) => [title, `<iq TO type='${type}' id='q1'>${payload}</iq>`] as const),
    ...others,
  ]
  for (const [title, stanza] of all) {
    const answers: string[][] = []
    for (const who of ['nobody@a.test', 'juliet@a.test', 'tybalt@a.test']) {
      const turn = afar.sends(stanza.replace('TO', `from='paris@b.test/hall' to='${who}'`))
      await new Promise<void>(resolve => turn.whenDecided(resolve))
      answers.push(told(afar.unread, who))
      ;(afar.unread as string[]).length = 0
    }
    expect.soft(answers[1], `${title}, of one who is away`).toEqual(answers[0])
    expect.soft(answers[2], `${title}, of one who is there`).toEqual(answers[0])
  }
})
