/** Reads what the clients sent, as recorded in samples/, with both XML readers. */

import { readdirSync, readFileSync } from 'node:fs'
import { tcpReader, websocketReader, write, type ReaderOptions, type StreamReader } from '@tercet/xml'
import { expect, test } from 'vitest'

const folder = new URL('../samples/', import.meta.url)
const files = readdirSync(folder).filter(name => name.endsWith('.xml.txt'))

interface Recorded {
  readonly make: (options?: ReaderOptions) => StreamReader
  /** The stream, or its messages (RFC 7395). */
  readonly texts: string[]
}

function streamsIn(file: string): Recorded[] {
  const [, ...parts] = readFileSync(new URL(file, folder), 'utf8').split(
    /^----- (?=STARTTLS$|direct TLS$|WebSocket$)/mu,
  )
  const streams: Recorded[] = []
  for (const part of parts) {
    const end = part.indexOf('\n')
    // One line feed comes behind each that the client did not send.
    const text = part.slice(end + 1, -1)
    const last = streams.at(-1)
    if (!part.startsWith('WebSocket')) streams.push({ make: tcpReader, texts: [text] })
    else if (last && !text.startsWith('<open')) last.texts.push(text)
    else streams.push({ make: websocketReader, texts: [text] })
  }
  return streams
}

function readAll(reader: StreamReader, texts: readonly string[]): string[] {
  const read: string[] = []
  for (const text of texts) {
    reader.push(new TextEncoder().encode(text))
    for (let event = reader.next(); event !== undefined; event = reader.next())
      read.push(event.kind === 'element' ? write(event.element.toElement()) : event.kind)
  }
  return read
}

test('there is a sample of every client', () => expect(files).toHaveLength(7))

test.each(files)('%s is read alike by the scan and by sax', file => {
  const streams = streamsIn(file)
  expect(streams.length).toBeGreaterThan(10)
  let elements = 0
  let handedOver = 0
  for (const { make, texts } of streams) {
    const scan = make()
    const read = readAll(scan, texts)
    expect(read.length).toBeGreaterThan(0)
    expect(read).toEqual(readAll(make({ framing: 'sax' }), texts))
    elements += scan.scanned + scan.handovers
    handedOver += scan.handovers
  }
  console.log(`${file}: ${handedOver} of ${elements} elements handed over`)
})
