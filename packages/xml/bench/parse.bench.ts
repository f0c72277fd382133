/**
 * CPU µs per stanza: `pnpm exec node --conditions=@tercet/source packages/xml/bench/parse.bench.ts [milliseconds per row]`.
 * Rows run in turn several times; printed are the median and the least of the rounds.
 */
import { Buffer } from 'node:buffer'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
// @ts-expect-error it comes without types
import { Parser } from '@xmpp/xml'
import { JXT } from 'stanza'
import protocol from 'stanza/protocol/index.js'
import { escapeAttr, tcpReader } from '../src/index.ts'
import type { Fragment, StreamReader } from '../src/index.ts'
import { clientHeader, handedOverStanzas, scannedStanzas } from './corpus.ts'

const ROUNDS = 7
const roundMs = Number(process.argv[2] ?? 400)

const chunks = scannedStanzas.map(stanza => Buffer.from(stanza))
const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
const slow = handedOverStanzas.map(stanza => Buffer.from(stanza))

/** Reads every chunk once; returns something that the engine cannot optimise away. */
type Row = () => number

function opened(framing: 'scan' | 'sax'): StreamReader {
  const reader = tcpReader({ framing })
  reader.push(Buffer.from(clientHeader))
  while (reader.next() !== undefined);
  return reader
}

function each(reader: StreamReader, input: readonly Uint8Array[], use: (element: Fragment) => number): Row {
  return () => {
    let sum = 0
    for (const chunk of input) {
      reader.push(chunk)
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        if (event.kind === 'element') sum += use(event.element)
      }
    }
    return sum
  }
}

/** The same bytes in other pieces, many stanzas over so that the pieces differ. */
function cut(input: readonly Uint8Array[], size: number): Uint8Array[] {
  const stream = Buffer.concat(input)
  const pieces: Uint8Array[] = []
  for (let i = 0; i < stream.length; i += size) pieces.push(stream.subarray(i, i + size))
  return pieces
}

const FROM = " from='" + escapeAttr('romeo@montague.example/orchard') + "'"
const out = Buffer.alloc(65_536)

/** What a server does with a stanza that it routes: the start tag written anew with its `from`, the content as it came. */
function stamp(element: Fragment): number {
  const { name, attrs } = element
  let text = '<' + name + FROM
  for (let i = 0; i < attrs.length; i += 2) {
    if (attrs[i] !== 'from') text += ' ' + attrs[i]! + "='" + escapeAttr(attrs[i + 1]!) + "'"
  }
  const content = element.content.text
  text += content === '' ? '/>' : '>' + content + '</' + name + '>'
  return out.write(text)
}

interface XmppJsParser {
  on(event: 'element', listener: (element: { children: unknown[] }) => void): void
  write(text: string): void
}

function xmppJs(): Row {
  // Its shape as used here, from its source.
  const parser = new (Parser as new () => XmppJsParser)()
  let sum = 0
  parser.on('element', (element: { children: unknown[] }) => (sum += element.children.length))
  parser.write(clientHeader.slice(21))
  return () => {
    for (const chunk of chunks) parser.write(chunk.toString('utf8'))
    return sum
  }
}

function stanzaJs(): Row {
  const registry = new JXT.Registry()
  // A CommonJS module whose default export is a property.
  registry.define((protocol as unknown as { default: Parameters<typeof registry.define>[0] }).default)
  const parser = new JXT.StreamParser({ acceptLanguages: ['en'], registry, wrappedStream: true })
  let sum = 0
  // Counted where the parser hands a result to its stream, so that Node's stream machinery is not measured.
  parser.push = () => {
    sum++
    return true
  }
  const write = (chunk: Buffer): void => parser._transform(chunk, 'utf8', () => {})
  write(Buffer.from(clientHeader.slice(21)))
  return () => {
    for (const chunk of chunks) write(chunk)
    return sum
  }
}

const scanReader = opened('scan')
const rows: [title: string, row: Row, stanzas: number][] = [
  ['ours: to fragment', each(scanReader, chunks, element => element.attrs.length), chunks.length],
  ['ours: to tree', each(opened('scan'), chunks, element => element.toElement().children.length), chunks.length],
  ['ours: bytes in, stamped bytes out', each(opened('scan'), chunks, stamp), chunks.length],
  ['xmpp.js (@xmpp/xml, ltx): to tree', xmppJs(), chunks.length],
  ...[16_384, 1460, 100].map((size): [string, Row, number] => [
    `ours: to fragment, in chunks of ${size}`,
    each(opened('scan'), cut(chunks, size), element => element.attrs.length),
    chunks.length,
  ]),
  ['stanza.js StreamParser: to tree and JSON', stanzaJs(), chunks.length],
  [
    'ours: sax framing, to tree',
    each(opened('sax'), chunks, element => element.toElement().children.length),
    chunks.length,
  ],
  [
    'ours: handed over, to tree',
    each(opened('scan'), slow, element => element.toElement().children.length),
    slow.length,
  ],
]

function measure([, row, stanzas]: [string, Row, number]): number {
  const before = process.cpuUsage()
  let passes = 0
  let used: number
  do {
    for (let i = 0; i < 20; i++) row()
    passes += 20
    const { user, system } = process.cpuUsage(before)
    used = user + system
  } while (used < roundMs * 1000)
  return used / passes / stanzas
}

for (const row of rows) measure(row)
const times = rows.map((): number[] => [])
for (let round = 0; round < ROUNDS; round++) rows.forEach((row, i) => times[i]!.push(measure(row)))

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
console.log(
  `${chunks.length} stanzas, ${Math.round(bytes / chunks.length)} bytes on average; µs CPU a stanza, median (least)`,
)
rows.forEach(([title], i) =>
  console.log(title.padEnd(40), median(times[i]!).toFixed(2), `(${Math.min(...times[i]!).toFixed(2)})`),
)
const ratio = median(times[1]!) / median(times[3]!)
console.log(
  `to tree, ours / xmpp.js: ${ratio.toFixed(2)}; scanned ${scanReader.scanned}, handed over ${scanReader.handovers}`,
)

setFlagsFromString('--expose-gc')
// The global of a context made after the flag was set.
const gc = runInNewContext('gc') as () => void
gc()
const before = process.memoryUsage()
const idle = Array.from({ length: 100_000 }, () => opened('scan'))
gc()
gc()
const after = process.memoryUsage()
const held = after.heapUsed + after.external - before.heapUsed - before.external
console.log(`idle reader after its header: ${Math.round(held / idle.length)} bytes`)
