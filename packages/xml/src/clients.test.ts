import { expect, test } from 'vitest'
import { clientHeader } from '../bench/corpus.ts'
import { handedOverOfClients, sentByClients } from '../bench/clients.ts'
import { tcpReader, websocketReader, write, type ReaderOptions } from './index.ts'

/** What a reader makes of an element behind a header: its text, and whether the scan or sax read it. */
function read(
  xml: string,
  options: ReaderOptions = {},
): { text: string; counts: [scanned: number, handedOver: number] } {
  const reader = tcpReader(options)
  reader.push(new TextEncoder().encode(clientHeader + xml))
  expect(reader.next()).toMatchObject({ kind: 'open' })
  const event = reader.next()
  if (event?.kind !== 'element') throw new Error('There is no element')
  expect(reader.next()).toBeUndefined()
  return { text: write(event.element.toElement()), counts: [reader.scanned, reader.handovers] }
}

test.each(sentByClients)('what clients send is scanned: %s', (_, xml) => {
  const { text, counts } = read(xml)
  expect(counts).toEqual([1, 0])
  expect(text).toBe(read(xml, { framing: 'sax' }).text)
})

test.each(handedOverOfClients)('what clients send is handed over: %s', (_, xml) => {
  const { text, counts } = read(xml)
  expect(counts).toEqual([0, 1])
  expect(text).toBe(read(xml, { framing: 'sax' }).text)
})

test.each(sentByClients.filter(([, xml]) => xml.includes('jabber:client')))('in a WebSocket message: %s', (_, xml) => {
  const texts = [false, true].map(sax => {
    const reader = websocketReader(sax ? { framing: 'sax' } : {})
    reader.push(
      new TextEncoder().encode("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.test' version='1.0'/>"),
    )
    expect(reader.next()).toMatchObject({ kind: 'open' })
    reader.push(new TextEncoder().encode(xml))
    const event = reader.next()
    expect(reader.handovers).toBe(0)
    return event?.kind === 'element' ? write(event.element.toElement()) : event
  })
  expect(texts[0]).toEqual(texts[1])
})
