import { CONTENT, Element, readStanza, write } from '@tercet/xml'
import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import { type Codec, type Empty, type Read, element, elementOf, raw } from './codec.ts'
import { attr, child, content, elements, flag, named, text } from './fields.ts'
import { type Query, iqGet, iqSet, orNothing } from './query.ts'
import { type Scalar, base64, bool, dateTime, int, oneOf } from './scalars.ts'

const NS = 'urn:example:play'

const act = element(NS, 'act', { n: attr('n', int), title: text('title').optional })
const play = element(NS, 'play', {
  id: attr('id'),
  lang: attr('xml:lang').optional,
  kind: attr('kind', oneOf('comedy', 'tragedy')).or('tragedy'),
  year: text('year', int).optional,
  authors: text('author').many,
  first: child(act),
  last: child(raw(NS, 'coda')).optional,
  finished: flag('finished'),
  staged: flag('staged', 'urn:example:stage'),
  note: content().optional,
})

const at = (xml: string) => readStanza(xml).toElement()

test('every kind of field is read', () => {
  const xml = `<play xmlns='${NS}' id='p1' xml:lang='en' kind='comedy'>So <year> 1595 </year><author>W.</author><author>A.</author>
    <act n='1'><title>Verona</title></act><coda/><finished/><staged xmlns='urn:example:stage'/>it ends</play>`
  expect(play.read(at(xml))).toEqual({
    id: 'p1',
    lang: 'en',
    kind: 'comedy',
    year: 1595,
    authors: ['W.', 'A.'],
    first: { n: 1, title: 'Verona' },
    last: new Element('coda', NS),
    finished: true,
    staged: true,
    note: expect.stringContaining('it ends') as string,
  })
})

test('what may be absent is absent, and is not written', () => {
  const xml = `<play xmlns='${NS}' id='p1'><act n='1'/></play>`
  const value = play.read(at(xml))
  expect(value).toEqual({ id: 'p1', kind: 'tragedy', authors: [], first: { n: 1 }, finished: false, staged: false })
  expect(write(play.write(value))).toBe(xml)
})

test('unknown attributes and children are ignored; of repeated singletons the first one counts', () => {
  const xml = `<act xmlns='${NS}' n='1' x='y'><z/><title xmlns='urn:other'>no</title><title>yes</title><title>late</title></act>`
  expect(act.read(at(xml))).toEqual({ n: 1, title: 'yes' })
})

test.each([
  ['a required attribute is missing', `<act xmlns='${NS}'/>`, act, 'act/@n', 'missing'],
  ['an attribute is malformed', `<act xmlns='${NS}' n='one'/>`, act, 'act/@n', 'malformed'],
  [
    'a default does not cover the malformed',
    `<play xmlns='${NS}' id='' kind='farce'/>`,
    play,
    'play/@kind',
    'malformed',
  ],
  ['a text is malformed', `<play xmlns='${NS}' id=''><year>long ago</year></play>`, play, 'play/year', 'malformed'],
  ['a required child is missing', `<play xmlns='${NS}' id=''/>`, play, 'play/act', 'missing'],
  [
    'a child of another namespace does not do',
    `<play xmlns='${NS}' id=''><act xmlns='a:b' n='1'/></play>`,
    play,
    'play/act',
    'missing',
  ],
  ['the path leads inside', `<play xmlns='${NS}' id=''><act/></play>`, play, 'play/act/@n', 'missing'],
  ['another name', `<scene xmlns='${NS}'/>`, act, 'scene', 'unexpected'],
  ['another namespace', `<act xmlns='urn:other' n='1'/>`, act, 'act', 'unexpected'],
])('refused: %s', (_, xml, codec: Codec<unknown>, path, reason) => {
  expect(() => codec.read(at(xml))).toThrow(expect.objectContaining({ name: 'DecodeError', path, reason }))
})

test('the path counts repeated children from 1', () => {
  const acts = elementOf(NS, 'acts', child(act).many)
  const xml = `<acts xmlns='${NS}'><act n='1'/><act n='two'/></acts>`
  expect(() => acts.read(at(xml))).toThrow(expect.objectContaining({ path: 'acts/act[2]/@n' }))
  expect(() => acts.read(at(xml))).toThrow('acts/act[2]/@n is not a whole number')
})

test('lenient: malformed counts as absent', () => {
  const codec = element(NS, 'a', { n: attr('n', int).lenient, t: text('t', bool).lenient })
  expect(codec.read(at(`<a xmlns='${NS}' n='x'><t>perhaps</t></a>`))).toEqual({ n: undefined, t: undefined })
})

test('named: the first child that is not a text, by its name', () => {
  const known: Scalar<'in' | 'out'> = oneOf('in', 'out')
  const codec = element(NS, 'a', { way: named(known.read) })
  expect(codec.read(at(`<a xmlns='${NS}'><text>x</text><in xmlns='urn:other'/><out/></a>`))).toEqual({ way: 'out' })
  expect(write(codec.write({ way: 'in' }))).toBe(`<a xmlns='${NS}'><in/></a>`)
  expect(() => codec.read(at(`<a xmlns='${NS}'><text>x</text></a>`))).toThrow(
    expect.objectContaining({ reason: 'missing' }),
  )
  expect(() => codec.read(at(`<a xmlns='${NS}'><up/></a>`))).toThrow(expect.objectContaining({ reason: 'malformed' }))
})

const word = fc.string({ unit: 'grapheme', minLength: 1 }).filter(isXml)
const values: fc.Arbitrary<Read<typeof everyField>> = fc.record(
  {
    a: word,
    b: fc.integer(),
    c: fc.boolean(),
    d: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
    e: fc.uint8Array(),
    f: fc.array(word),
    g: fc.boolean(),
    h: fc.constantFrom('x', 'y'),
    i: fc.record({ n: fc.integer(), title: word }, { requiredKeys: ['n'] }),
    j: word,
  },
  { requiredKeys: ['a', 'c', 'e', 'f', 'g', 'h', 'i'] },
)
const everyField = {
  a: attr('a'),
  b: attr('b', int).optional,
  c: attr('c', bool),
  d: text('d', dateTime).optional,
  e: text('e', base64),
  f: text('f').many,
  g: flag('g'),
  h: attr('h', oneOf('x', 'y')).or('x'),
  i: child(act),
  j: content().optional,
}

/** Without the characters that XML 1.0 §2.2 forbids. */
function isXml(text: string): boolean {
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) && text.isWellFormed()
}

test('what a codec writes it reads back, as a tree and over the wire', () => {
  const codec = element(NS, 'every', everyField)
  fc.assert(
    fc.property(values, value => {
      const tree = codec.write(value)
      expect(codec.read(tree)).toEqual(value)
      expect(codec.read(at(write(tree)))).toEqual(value)
    }),
  )
})

test('the types are inferred; the mistakes that a compiler could miss do not compile', () => {
  expectTypeOf<Read<typeof everyField>>().toEqualTypeOf<{
    readonly a: string
    readonly b?: number | undefined
    readonly c: boolean
    readonly d?: Date | undefined
    readonly e: Uint8Array
    readonly f: readonly string[]
    readonly g: boolean
    readonly h: 'x' | 'y'
    readonly i: { readonly n: number; readonly title?: string | undefined }
    readonly j?: string | undefined
  }>()
  expectTypeOf(attr('a').read(at('<a a=""/>'))).toEqualTypeOf<string>()
  expectTypeOf(element(NS, 'a')).toEqualTypeOf<Codec<Empty>>()
  const query = iqGet(element(NS, 'a', { n: attr('n', int) }), act)
  expectTypeOf(query).toEqualTypeOf<
    Query<{ readonly n: number }, { readonly n: number; readonly title?: string | undefined }>
  >()
  expectTypeOf(iqSet(act)).toEqualTypeOf<Query<{ readonly n: number; readonly title?: string | undefined }, void>>()
  expectTypeOf(iqGet(act, orNothing(elementOf(NS, 'x', attr('y'))))).toEqualTypeOf<
    Query<{ readonly n: number; readonly title?: string | undefined }, string | undefined>
  >()
  const wrong = () => {
    // @ts-expect-error an attribute without a type is a string, not any
    act.write({ n: element(NS, 'a', { t: attr('t') }).read(at('<a/>')).t })
    // @ts-expect-error a number is no string
    element(NS, 'a', { t: attr('t') }).write({ t: 1 })
    // @ts-expect-error a required property is missing
    act.write({ title: 'x' })
    // @ts-expect-error the word is not one of them
    play.write({ ...play.read(at('<a/>')), kind: 'farce' })
    // @ts-expect-error a default must be of the type
    attr('kind', oneOf('a', 'b')).or('c')
    // @ts-expect-error a result must be of the query's type
    query.writeResult({ n: 'one' })
  }
  expect(wrong).toBeTypeOf('function')
})

test('a query reads and writes its result; an empty one only where that is declared (RFC 6120 §8.2.3)', () => {
  const must = iqGet(element(NS, 'a'), act)
  const may = iqGet(element(NS, 'a'), orNothing(act))
  const none = iqSet(element(NS, 'a'))
  expect(must.type).toBe('get')
  expect(must.readResult(must.writeResult({ n: 1 }))).toEqual({ n: 1 })
  expect(may.readResult(may.writeResult({ n: 1 }))).toEqual({ n: 1 })
  expect(may.readResult(may.writeResult(undefined))).toBeUndefined()
  expect(none.writeResult().size).toBe(0)
  expect(() => must.readResult(none.writeResult())).toThrow(expect.objectContaining({ path: 'act', reason: 'missing' }))
})

test('elements() keeps children as they are; raw() takes one as it is', () => {
  const xml = `<a xmlns='${NS}'><x xmlns='urn:1' y='z'>t</x><b/></a>`
  const all = elementOf(NS, 'a', elements())
  expect(write(all.write(all.read(at(xml))))).toBe(xml)
  expect(raw(NS, 'a').read(at(xml)).name).toBe('a')
  expect(() => raw(CONTENT, 'a').read(at(xml))).toThrow(expect.objectContaining({ name: 'DecodeError' }))
})
