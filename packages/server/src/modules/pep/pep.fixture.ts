/** Clients that want to hear of nodes, for tests of what accounts publish. */

import type { Client, Fixture } from '../../fixture.ts'

/** Words that tests repeat. */
export const PUBSUB = "xmlns='http://jabber.org/protocol/pubsub'"
export const OWNER = "xmlns='http://jabber.org/protocol/pubsub#owner'"
export const EVENT = "xmlns='http://jabber.org/protocol/pubsub#event'"
export const INFO = 'http://jabber.org/protocol/disco#info'
export const TUNE = 'http://jabber.org/protocol/tune'

/** A client that is available and wants `nodes`; the server has asked it, and what came meanwhile is unread. */
export async function wanting(fixture: Fixture, jid: string, ...nodes: readonly string[]): Promise<Client> {
  const client = await fixture.login(jid)
  await wants(client, ...nodes)
  return client
}

/** Says with a presence that it wants `nodes`, and nothing else. */
export async function wants(client: Client, ...nodes: readonly string[]): Promise<void> {
  // Without a hash, so that each client is asked for itself.
  const c = `<c xmlns='http://jabber.org/protocol/caps' node='urn:example:${nodes.join('|')}' ver='1'/>`
  client.send(`<presence>${c}</presence>`)
  const question = await client.find(
    ({ name, attributes }) => name === 'iq' && attributes['type'] === 'get',
    'what it can do',
  )
  const features = nodes.map(node => `<feature var='${node}+notify'/>`).join('')
  const bare = client.jid.split('/')[0]!
  client.send(
    `<iq type='result' id='${question.attributes['id']}' to='${bare}'><query xmlns='${INFO}'>${features}</query></iq>`,
  )
  await client.barrier()
  // Its own words.
  await client.find(({ name, attributes }) => name === 'presence' && attributes['from'] === client.jid, c)
}

/** A publication; `options` by the names of their fields without `pubsub#`. */
export function publication(node: string, item: string, options?: Readonly<Record<string, string>>, id = 'p'): string {
  const fields = Object.entries(options ?? {}).map(
    ([name, value]) => `<field var='pubsub#${name}'><value>${value}</value></field>`,
  )
  const form = options
    ? `<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>${fields.join('')}</x></publish-options>`
    : ''
  return `<iq type='set' id='${id}'><pubsub ${PUBSUB}><publish node='${node}'>${item}</publish>${form}</pubsub></iq>`
}

/** An item with a payload of one word. */
export function tune(word: string, id?: string): string {
  return `<item${id === undefined ? '' : ` id='${id}'`}><tune xmlns='${TUNE}'><title>${word}</title></tune></item>`
}

/** Publishes, and waits for the result. */
export async function publishes(
  client: Client,
  node: string,
  item: string,
  options?: Readonly<Record<string, string>>,
): Promise<void> {
  await client.asks(publication(node, item, options), "<iq type='result' id='p'/>")
}

/** The error of a refused request. */
export function refused(id: string, type: string, condition: string, own?: string): string {
  const inner = own === undefined ? '' : `<${own} xmlns='http://jabber.org/protocol/pubsub#errors'/>`
  return `<iq type='error' id='${id}'><error type='${type}'><${condition}/>${inner}</error></iq>`
}

/** A request for items. */
export function itemsOf(node: string, more = '', to = ''): string {
  const address = to === '' ? '' : ` to='${to}'`
  return `<iq type='get' id='g'${address}><pubsub ${PUBSUB}><items node='${node}'/>${more}</pubsub></iq>`
}
