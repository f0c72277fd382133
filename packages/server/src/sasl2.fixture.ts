/** Logging in by extensible SASL, for tests. */

import { clientMechanism, decodeBase64Strict, encodeBase64, type ClientMechanism } from '@tercet/sasl'
// eslint-disable-next-line no-restricted-imports -- a devDependency; tests alone import this file, and no build has it
import { elementsOf, show, textOf, type XmlElement } from '@tercet/testkit'
import { PASSWORD, type Client, type Fixture } from './fixture.ts'
import { bindable, EXPORTED } from './tls.fixture.ts'

export const NS = 'urn:xmpp:sasl:2'
export const BIND = "<bind xmlns='urn:xmpp:bind:0'><tag>test</tag></bind>"
export const AGENT = '2f3c8d5e-1b7a-4c66-9d0f-6a1e0f3b7c21'
export const OTHER_AGENT = 'c0a8e5b1-93d4-4f0a-8a57-1d2e3f405162'

/** What a test says about a login. */
export interface Login {
  readonly username?: string
  readonly password?: string
  readonly token?: { readonly mechanism: string; readonly token: string }
  readonly mechanism?: string
  /** Wire text beside the mechanism's message. */
  readonly more?: string
  readonly agent?: string | undefined
  /** Text before, such as features in the header. */
  readonly from?: string | undefined
}

/** A stream within TLS, up to its features. */
export async function opened(fixture: Fixture, from?: string): Promise<Client> {
  const client = fixture.connect({ tls: bindable })
  await openStream(client, from)
  return client
}

/** Sends a header that says who it is, and reads the features. */
export async function openStream(client: Client, from?: string): Promise<XmlElement> {
  client.restart()
  const who = from === undefined ? '' : ` from='${from}'`
  client.send(
    `<stream:stream to='a.test'${who} version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
  )
  return (client.features = await client.receives('<stream:features>{any}</stream:features>'))
}

export function agent(id: string | undefined): string {
  const software = '<software>Tester</software><device>Bench</device>'
  return id === undefined ? '' : `<user-agent id='${id}'>${software}</user-agent>`
}

/** The mechanisms of a feature, in the namespace of either profile. */
export function mechanismsOf(features: XmlElement | undefined, ns: string): string[] {
  const list = elementsOf(features!).find(element => element.ns === ns)
  return list
    ? elementsOf(list)
        .filter(({ name }) => name === 'mechanism')
        .map(textOf)
    : []
}

/** Begins a login and answers challenges; gives what ends it, or a `<continue/>`. */
export async function authenticate(
  client: Client,
  login: Login = {},
): Promise<{ answer: XmlElement; mechanism: ClientMechanism }> {
  const { username = 'romeo', password = PASSWORD, token, more = '', agent: id } = login
  const name = token?.mechanism ?? login.mechanism ?? 'SCRAM-SHA-256'
  const mechanism = clientMechanism(name, {
    offered: mechanismsOf(client.features, NS),
    bindingTypesOffered: ['tls-exporter'],
    channelBindings: [{ type: 'tls-exporter', data: EXPORTED }],
    credentials: { username, password, ...(token ? { token } : {}) },
    profile: 'sasl2',
    secure: true,
    tlsVersion: '0304',
  })
  const initial = encodeBase64((await mechanism.initial())!)
  const fast = token && !more.includes('<fast') ? "<fast xmlns='urn:xmpp:fast:0'/>" : ''
  client.send(
    `<authenticate xmlns='${NS}' mechanism='${name}'><initial-response>${initial}</initial-response>${agent(id)}${fast}${more}</authenticate>`,
  )
  for (;;) {
    const answer = await client.next()
    if (answer.name !== 'challenge') return { answer, mechanism }
    const response = await mechanism.challenge(decodeBase64Strict(textOf(answer)))
    client.send(`<response xmlns='${NS}'>${encodeBase64(response)}</response>`)
  }
}

/** Logs in; the server has to prove itself. Gives `<success/>`. */
export async function succeeds(client: Client, login: Login = {}): Promise<XmlElement> {
  const { answer, mechanism } = await authenticate(client, login)
  if (answer.name !== 'success') throw new Error(`expected success, received: ${show(answer)}`)
  const data = child(answer, 'additional-data')
  await mechanism.success(data && decodeBase64Strict(textOf(data)))
  return answer
}

/** Fails to log in; gives the condition. */
export async function fails(client: Client, login: Login = {}): Promise<string> {
  const { answer } = await authenticate(client, login)
  if (answer.name !== 'failure') throw new Error(`expected failure, received: ${show(answer)}`)
  return elementsOf(answer)[0]?.name ?? ''
}

/** A child of an element, by its name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return elementsOf(element).find(one => one.name === name)
}

/** Logs in with a password and gets a token. */
export async function tokenOf(fixture: Fixture, mechanism = 'HT-SHA-256-EXPR', login: Login = {}): Promise<string> {
  const client = await opened(fixture)
  const more = `<request-token xmlns='urn:xmpp:fast:0' mechanism='${mechanism}'/>`
  const success = await succeeds(client, { agent: AGENT, more, ...login })
  return child(success, 'token')!.attributes['token']!
}
