/** What a device says and reads: stanzas as text out, as elements in. */

import { elementsOf, StreamReader, textOf, type XmlElement } from '@tercet/testkit'

const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='x' from='a.test'>"

/** Reads the elements of a stream whose header somebody else has read. */
export function readerOf(element: (element: XmlElement) => void): StreamReader {
  const nothing = (): void => {}
  const reader = new StreamReader({ header: nothing, element, text: nothing, close: nothing })
  reader.write(HEADER)
  return reader
}

/** A message as a device sees it: the id that its archive has given it, and whose it is. */
export interface Seen {
  readonly archiveId: string
  /** `source-number`; a source is one device. */
  readonly name: string
}

/** What came live: an original, or a copy of what another device sent or received (XEP-0280). */
export function live(message: XmlElement, own: string): Seen | undefined {
  const copy = elementsOf(message).find(({ ns }) => ns === 'urn:xmpp:carbons:2')
  if (!copy) return seen(message, own)
  if (message.attributes['from'] !== own) throw new Error('A copy that the own account did not make')
  return seen(elementsOf(elementsOf(copy)[0]!)[0]!, own)
}

function seen(message: XmlElement, own: string): Seen | undefined {
  const ids = elementsOf(message).filter(({ name, attributes }) => name === 'stanza-id' && attributes['by'] === own)
  const [id] = ids
  if (!id) return undefined
  if (ids.length > 1) throw new Error('Two stanza-ids of one archive')
  return { archiveId: id.attributes['id']!, name: message.attributes['id'] ?? '' }
}

/** What came of the archive (XEP-0313 §4.2); undefined for other messages. */
export function archived(message: XmlElement): Seen | undefined {
  const result = elementsOf(message)[0]
  if (result?.ns !== 'urn:xmpp:mam:2') return undefined
  const inner = elementsOf(elementsOf(result)[0]!)[1]!
  return { archiveId: result.attributes['id']!, name: inner.attributes['id'] ?? '' }
}

/** The end of a page. */
export function pageEnd(iq: XmlElement): { complete: boolean; last: string | undefined } {
  const fin = elementsOf(iq)[0]
  if (!fin) throw new Error(`No page: ${JSON.stringify(iq)}`)
  const last = elementsOf(elementsOf(fin)[0]!).find(({ name }) => name === 'last')
  return { complete: fin.attributes['complete'] === 'true', last: last && textOf(last) }
}

/** The request for a page after an id, or from the start. */
export function pageRequest(id: string, after: string | undefined): string {
  const bound = after === undefined ? '' : `<after>${after}</after>`
  return `<iq type='set' id='${id}'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>200</max>${bound}</set></query></iq>`
}
