/** The differential fuzz: mutants against the scan, the sax reader and saxes, which must all read the same or refuse. */
import { Buffer, isUtf8 } from 'node:buffer'
import { clientHeader, serverHeader } from '../bench/corpus.ts'
import {
  CONTENT,
  Element,
  escapeAttr,
  isContentNs,
  openTag,
  readStanza,
  tcpReader,
  websocketReader,
  write,
  XmlError,
} from '../src/index.ts'
import type { Child, Fragment, StreamReader } from '../src/index.ts'
import { mutant, randomOf } from './mutate.ts'
import type { Random } from './mutate.ts'
import { ask } from './oracle.ts'
import type { Opinion } from './oracle.ts'

/** What came out; `unsound` lists mutants on which readers disagree and must stay empty. */
export interface Tally {
  mutants: number
  /** Elements that the scan accepted. */
  accepted: number
  /** Elements that the sax reader accepted after the scan. */
  handed: number
  /** Mutants refused with an XmlError. */
  refused: number
  /** Mutants of which not all bytes made an element. */
  unfinished: number
  /** Mutants that saxes takes and we refuse, though nothing in them is restricted and no character is beyond U+FFFF (sax knows no such names). */
  stricter: number
  /** The last of those. */
  example: string
  /** The most CPU time that one mutant took. */
  slowestMs: number
  unsound: { mutant: string; why: string }[]
}

/** What a reader made of some input. */
interface Reading {
  readonly elements: Fragment[]
  readonly end: string
}

const encoder = new TextEncoder()
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const MAX_REPORTS = 20
const ASTRAL = /[\ud800-\udfff]/

/** Runs `count` mutants; the same seed gives the same mutants. */
export function fuzz(count: number, seed: number): Tally {
  const random = randomOf(seed)
  const tally: Tally = {
    mutants: 0,
    accepted: 0,
    handed: 0,
    refused: 0,
    unfinished: 0,
    stricter: 0,
    example: '',
    slowestMs: 0,
    unsound: [],
  }
  while (tally.mutants < count && tally.unsound.length < MAX_REPORTS) {
    const bytes = mutant(random)
    const started = process.cpuUsage()
    try {
      compare(bytes, random, tally)
    } catch (error) {
      tally.unsound.push({
        mutant: lenient.decode(bytes),
        why: error instanceof Error ? (error.stack ?? '') : String(error),
      })
    }
    tally.mutants++
    const { user, system } = process.cpuUsage(started)
    tally.slowestMs = Math.max(tally.slowestMs, (user + system) / 1000)
  }
  return tally
}

function compare(bytes: Uint8Array, random: Random, tally: Tally): void {
  const kind = random(8)
  if (kind === 0) {
    compareMessage(bytes, random, tally)
    return
  }
  if (kind === 7) compareStored(bytes)
  const header = kind < 3 ? serverHeader : clientHeader
  const contentNs = kind < 3 ? 'jabber:server' : CONTENT
  const scanned = readAll(tcpReader(), header, [bytes], tally)
  sameReading(scanned, readAll(tcpReader({ framing: 'sax' }), header, [bytes]), 'scan and sax differ')
  const cut = random(bytes.length + 1)
  const cuts = [bytes.slice(0, cut), bytes.slice(cut)]
  sameReading(scanned, readAll(tcpReader(), header, cuts), `differs when cut at ${cut}`)

  const whole = scanned.end === 'all' || scanned.end === 'close'
  const text = header + lenient.decode(bytes)
  const opinion = scanned.end === 'close' ? askUpToClose(text) : ask(text + '</stream:stream>')
  if (!whole) {
    if (scanned.end === 'unfinished') tally.unfinished++
    else tally.refused++
    if (
      scanned.end === 'not-well-formed' &&
      opinion.root &&
      !opinion.restricted &&
      isUtf8(bytes) &&
      !ASTRAL.test(text)
    ) {
      tally.stricter++
      tally.example = lenient.decode(bytes)
    }
    return
  }
  if (!opinion.root || opinion.restricted) throw new Error('saxes refuses it')
  const expected = opinion.root.elements().map(element => translate(element, contentNs, true))
  checkTrees(scanned.elements, expected)
}

/** The same as stored text, which must read as it would in a client's stream. */
function compareStored(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) return
  const text = lenient.decode(bytes)
  let stored: Reading
  try {
    stored = { elements: [readStanza(text)], end: 'all' }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    return
  }
  sameReading(stored, readAll(tcpReader({ framing: 'sax' }), clientHeader, [bytes]), 'stored text differs')
}

/** We read nothing behind the end of a stream; saxes would refuse what stands there. */
function askUpToClose(text: string): Opinion {
  for (const { index, 0: tag } of text.matchAll(/<\/stream:stream\s*>/g)) {
    const opinion = ask(text.slice(0, index + tag.length))
    if (opinion.root) return opinion
  }
  return { root: undefined, restricted: false }
}

/** The same in a WebSocket message, which has nothing around it. */
function compareMessage(bytes: Uint8Array, random: Random, tally: Tally): void {
  const text = lenient.decode(bytes)
  const contentNs = random(2) === 0 ? 'jabber:server' : CONTENT
  const message = encoder.encode(random(4) === 0 ? text : text.replace(/^<[a-z]+/, `$& xmlns='${contentNs}'`))
  const open = openTag({ framing: 'websocket', contentNs, attrs: ['to', 'a.example', 'version', '1.0'] })
  const scanned = readAll(websocketReader(undefined, contentNs), open, [message], tally)
  const withSax = readAll(websocketReader({ framing: 'sax' }, contentNs), open, [message])
  sameReading(scanned, withSax, 'scan and sax differ')
  const opinion = ask(lenient.decode(message))
  if (scanned.end !== 'all') {
    tally.refused++
    return
  }
  if (!opinion.root || opinion.restricted) throw new Error('saxes refuses it')
  checkTrees(scanned.elements, [translate(opinion.root, contentNs, true)])
}

function readAll(reader: StreamReader, header: string, chunks: readonly Uint8Array[], tally?: Tally): Reading {
  const elements: Fragment[] = []
  let end = 'all'
  reader.push(encoder.encode(header))
  reader.next()
  const { scanned, handovers } = reader
  try {
    for (const chunk of chunks) {
      const copy = Buffer.from(chunk)
      reader.push(copy)
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        if (event.kind === 'element') elements.push(event.element)
        if (event.kind === 'close') end = 'close'
      }
      // The transport takes its buffer back.
      copy.fill(0x21)
    }
    if (reader.pendingBytes > 0) end = 'unfinished'
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    end = error.condition
  }
  if (tally) {
    tally.accepted += reader.scanned - scanned
    tally.handed += reader.handovers - handovers
  }
  return { elements, end }
}

function checkTrees(elements: readonly Fragment[], expected: readonly Element[]): void {
  // saxes trims namespaces, so it cannot be asked about those with white space; the scan lets none pass.
  const odd = elements.filter(element => !exact(element.toElement()))
  if (odd.length > 0) {
    if (odd.some(element => element.verbatim)) throw new Error('the scan passed a namespace with white space')
    return
  }
  same(
    elements.map(element => canonical(element.toElement())).join(),
    expected.map(canonical).join(),
    'saxes reads another tree',
  )
  for (const element of elements) checkFragment(element)
}

function checkFragment(fragment: Fragment): void {
  const { content } = fragment
  const tree = fragment.toElement()
  const children = tree.elements()
  same(String(content.size), String(children.length), 'size')
  children.forEach((child, i) => {
    same(content.nameAt(i) + content.nsAt(i), child.name + child.ns, 'child index')
    const first = children.findIndex(other => other.name === child.name && other.ns === child.ns)
    same(String(content.find(child.name, child.ns)), String(first), 'find')
    same(canonical(content.elementAt(i)), canonical(child), 'elementAt')
    const alone = ask(clientHeader + content.textAt(i) + '</stream:stream>').root?.elements() ?? []
    same(alone.map(canonical).join(), canonical(child), 'textAt')
    const rest = tree.children.filter(other => other !== child)
    same(canonical(of(tree, content.without(i).children())), canonical(of(tree, rest)), 'without')
    same(canonical(of(tree, readBack(content.without(i).text))), canonical(of(tree, rest)), 'without, as text')
  })
  same(content.directText(), tree.text(), 'directText')
  const delay = new Element('delay', 'urn:xmpp:delay', ['stamp', '<\n>'])
  same(canonical(of(tree, content.plus(delay).children())), canonical(of(tree, [...tree.children, delay])), 'plus')
  // What a server writes into a stream to another one must be read there as it was read here.
  const written = fragment.ns === CONTENT ? stamped(fragment) : write(tree)
  const opinion = ask(serverHeader + written + '</stream:stream>').root?.elements()[0]
  if (!opinion) throw new Error(`saxes refuses what we wrote: ${written}`)
  same(canonical(translate(opinion, 'jabber:server', true)), canonical(tree), `saxes on what we wrote: ${written}`)
  const reading = readAll(tcpReader(), serverHeader, [encoder.encode(written)])
  same(
    reading.elements.map(element => canonical(element.toElement())).join(),
    canonical(tree),
    'our reading of what we wrote',
  )
}

function stamped({ name, attrs, content }: Fragment): string {
  let text = '<' + name
  for (let i = 0; i < attrs.length; i += 2) {
    if (/[{]/.test(attrs[i]!)) return write(new Element(name, CONTENT, attrs, content.children()))
    text += ` ${attrs[i]!}='${escapeAttr(attrs[i + 1]!)}'`
  }
  return `${text}>${content.text}</${name}>`
}

function readBack(text: string): readonly Child[] {
  return ask(`${clientHeader}<message>${text}</message></stream:stream>`).root!.elements()[0]!.children
}

function of(element: Element, children: readonly Child[]): Element {
  return new Element(element.name, element.ns, element.attrs, children)
}

/** The content namespace of the stream becomes ours where all ancestors are in it (RFC 6120 §4.8.3). */
function translate(element: Element, contentNs: string, root: boolean): Element {
  if (root ? element.ns !== contentNs : !isContentNs(element.ns)) return element
  const children = element.children.map(child =>
    typeof child === 'string' ? child : translate(child, contentNs, false),
  )
  return new Element(element.name, CONTENT, element.attrs, children)
}

function exact(element: Element): boolean {
  return element.ns === element.ns.trim() && element.elements().every(exact)
}

function canonical(element: Element): string {
  const children: string[] = []
  let text = ''
  for (const child of element.children) {
    if (typeof child === 'string') {
      text += child
      continue
    }
    if (text !== '') children.push(JSON.stringify(text))
    text = ''
    children.push(canonical(child))
  }
  if (text !== '') children.push(JSON.stringify(text))
  return `{${element.ns}}${element.name}${JSON.stringify(element.attrs)}[${children.join()}]`
}

function sameReading(a: Reading, b: Reading, why: string): void {
  same(a.end, b.end, why)
  same(
    a.elements.map(element => canonical(element.toElement())).join(),
    b.elements.map(element => canonical(element.toElement())).join(),
    why,
  )
}

function same(a: string, b: string, why: string): void {
  if (a !== b) throw new Error(`${why}\n${a}\n${b}`)
}
