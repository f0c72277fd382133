/** Asking for pages of an archive, for tests. */

// eslint-disable-next-line no-restricted-imports -- a devDependency; tests alone import this file, and no build has it
import { elementsOf, show, textOf, type XmlElement } from '@tercet/testkit'
import type { Client } from '../../fixture.ts'

export const MAM = 'urn:xmpp:mam:2'
export const FULLTEXT = '{urn:xmpp:fulltext:0}fulltext'
/** A chat message whose body is its id. */
export const chat = (to: string, id: string, more = ''): string =>
  `<message to='${to}' id='${id}' type='chat'><body>${id}</body>${more}</message>`

/** The filter with these fields, and whatever else is in the query. */
export const query = (fields: Record<string, string | string[]>, more = '', attributes = ''): string => {
  const field = (name: string, values: string | string[]) =>
    `<field var='${name}'>${[values]
      .flat()
      .map(value => `<value>${value}</value>`)
      .join('')}</field>`
  const all = Object.entries({ FORM_TYPE: MAM, ...fields }).map(([name, values]) => field(name, values))
  return `<query xmlns='${MAM}'${attributes}><x xmlns='jabber:x:data' type='submit'>${all.join('')}</x>${more}</query>`
}
/** `<set/>` of XEP-0059. */
export const set = (inner: string): string => `<set xmlns='http://jabber.org/protocol/rsm'>${inner}</set>`

/** What came, and its end. */
export interface Page {
  /** Empty for a message without one. */
  readonly bodies: string[]
  readonly messages: XmlElement[]
  readonly ids: string[]
  readonly texts: string[]
  readonly complete: boolean
  readonly first: string | undefined
  readonly last: string | undefined
}

let asked = 0
/** Asks for a page; the results have to come before its end (§4). */
export async function page(client: Client, payload: string): Promise<Page> {
  const id = `page-${++asked}`
  client.send(`<iq type='set' id='${id}'>${payload}</iq>`)
  const results: XmlElement[] = []
  for (;;) {
    const element = await client.find(isPart, 'a result')
    if (element.name === 'message') {
      results.push(element)
      continue
    }
    if (element.attributes['id'] !== id || element.attributes['type'] !== 'result') throw new Error(show(element))
    const fin = elementsOf(element)[0]!
    const rsm = elementsOf(elementsOf(fin)[0]!)
    const inner = results.map(result => elementsOf(elementsOf(elementsOf(result)[0]!)[0]!)[1]!)
    return {
      bodies: inner.map(bodyOf),
      messages: inner,
      ids: results.map(result => elementsOf(result)[0]!.attributes['id']!),
      texts: results.map(result => JSON.stringify(result)),
      complete: fin.attributes['complete'] === 'true',
      first: rsm.filter(({ name }) => name === 'first').map(textOf)[0],
      last: rsm.filter(({ name }) => name === 'last').map(textOf)[0],
    }
  }
}

/** What was delivered is no result. */
function isPart(element: XmlElement): boolean {
  return element.name === 'iq' || elementsOf(element).some(({ name, ns }) => name === 'result' && ns === MAM)
}

function bodyOf(message: XmlElement): string {
  const body = elementsOf(message).find(({ name }) => name === 'body')
  return body ? textOf(body) : ''
}
