import { Jid } from '@tercet/jid'
import { Content, readStanza, write } from '@tercet/xml'
import { expect, expectTypeOf, test } from 'vitest'
import { element } from './codec.ts'
import { fromFragment } from './edge.ts'
import { attr } from './fields.ts'
import { iq } from './iq.ts'
import { type Message, message } from './message.ts'
import { presence } from './presence.ts'
import { int } from './scalars.ts'
import type { Stanza } from './stanza.ts'
import { writeStanza } from './write.ts'

const juliet = Jid.parse('juliet@capulet.lit')
const mark = element('urn:x', 'mark', { n: attr('n', int) })

const kinds: readonly (readonly [string, Stanza])[] = [
  ['message', message({ to: juliet, id: '1', lang: 'en', payloads: [mark.write({ n: 1 }), mark.write({ n: 2 })] })],
  ['presence', presence({ to: juliet, id: '1', lang: 'en', payloads: [mark.write({ n: 1 }), mark.write({ n: 2 })] })],
  ['iq', iq({ type: 'result', to: juliet, id: '1', lang: 'en' }).plus(mark, { n: 1 }).plus(mark, { n: 2 })],
  [
    'message off the wire',
    fromFragment(
      readStanza(
        "<message id='1' to='juliet@capulet.lit' xml:lang='en'><mark xmlns='urn:x' n='1'/><mark xmlns='urn:x' n='2'/></message>",
      ),
    ),
  ],
]

test.each(kinds)('%s: payloads by codec', (_, stanza) => {
  expect(stanza.has(mark)).toBe(true)
  expect(stanza.get(mark)).toEqual({ n: 1 })
  expect(stanza.all(mark)).toEqual([{ n: 1 }, { n: 2 }])
  const bare = stanza.minus(mark)
  expect(bare.has(mark)).toBe(false)
  expect(bare.get(mark)).toBeUndefined()
  expect(bare.all(mark)).toEqual([])
  expect(bare.minus(mark).content).toBe(bare.content)
  expect(bare.plus(mark, { n: 3 }).all(mark)).toEqual([{ n: 3 }])
  expect(stanza.all(mark)).toHaveLength(2)
})

test.each(kinds)('%s: with() gives another value around the same content', (_, stanza) => {
  const other = stanza.with({ to: undefined, lang: undefined, from: juliet, id: '2' })
  expect(other).toMatchObject({
    kind: stanza.kind,
    type: stanza.type,
    to: undefined,
    lang: undefined,
    from: juliet,
    id: '2',
  })
  expect(other.content).toBe(stanza.content)
  expect(stanza).toMatchObject({ to: juliet, id: '1', lang: 'en', from: undefined })
  expect(stanza.with({})).toEqual(stanza)
  expect(stanza.withContent(Content.EMPTY).content.size).toBe(0)
})

test('all stanzas of a kind have the same fields in the same order', () => {
  const [, made] = kinds[0]!
  const [, read] = kinds[3]!
  expect(Object.keys(made)).toEqual(Object.keys(read))
  expect(Object.keys(made.with({ id: undefined as never }))).toEqual(Object.keys(made))
})

test('a type is replaced, and taken from a presence', () => {
  expect(message({}).with({ type: 'chat' }).type).toBe('chat')
  expect(presence({ type: 'unavailable' }).with({ type: undefined }).type).toBeUndefined()
  expect(iq({ type: 'get', id: '1' }).with({ type: 'error' }).type).toBe('error')
})

test('the factories make what is said (RFC 6121 §5.2)', () => {
  expect(writeStanza(message({ to: juliet, type: 'chat', id: 'm1', body: 'Wherefore <art> thou?' }))).toBe(
    "<message to='juliet@capulet.lit' id='m1' type='chat'><body>Wherefore &lt;art&gt; thou?</body></message>",
  )
  expect(writeStanza(presence())).toBe('<presence/>')
  expect(writeStanza(iq({ type: 'set', id: 'i', payload: mark.write({ n: 1 }) }))).toBe(
    "<iq id='i' type='set'><mark xmlns='urn:x' n='1'/></iq>",
  )
})

test('a malformed payload is found, refused when it is read, and relayed as it is', () => {
  const xml = "<message><mark xmlns='urn:x' n='one'/></message>"
  const stanza = fromFragment(readStanza(xml))
  expect(stanza.has(mark)).toBe(true)
  expect(() => stanza.get(mark)).toThrow(expect.objectContaining({ name: 'DecodeError', path: 'mark/@n' }))
  expect(() => stanza.all(mark)).toThrow(expect.objectContaining({ name: 'DecodeError' }))
  expect(writeStanza(stanza)).toBe(xml)
})

test('many payloads of a kind are taken out in one go', () => {
  const xml = `<message>${"<mark xmlns='urn:x' n='1'/>".repeat(5_000)}<body>x</body></message>`
  const stanza = fromFragment(readStanza(xml)).minus(mark)
  expect(stanza.content.elements().map(one => write(one))).toEqual(['<body>x</body>'])
})

test('the methods are typed by the codec', () => {
  const stanza = message({})
  expectTypeOf(stanza.get(mark)).toEqualTypeOf<{ readonly n: number } | undefined>()
  expectTypeOf(stanza.with({})).toEqualTypeOf<Message>()
  const wrong = () => {
    // @ts-expect-error the value is not of the codec
    stanza.plus(mark, { n: 'one' })
    // @ts-expect-error a type of presence is none of a message
    stanza.with({ type: 'probe' })
    // @ts-expect-error an iq always has an id
    iq({ type: 'get', id: '1' }).with({ id: undefined })
  }
  expect(wrong).toBeTypeOf('function')
})
