import fc from 'fast-check'
import { expect, test } from 'vitest'
import { difference, valueDifference } from './match.ts'
import { readFragment, show } from './xml.ts'

function compare(expected: string, actual: string, options = {}) {
  const [left] = readFragment(expected)
  const [right] = readFragment(actual)
  if (!left || !right) throw new Error('nothing to compare')
  return difference(left, right, options)
}

test.each([
  ['order of attributes', `<message to='a' id='1'/>`, `<message id='1' to='a'/>`],
  [
    'extra attributes and children',
    `<message id='1'><body>x</body></message>`,
    `<message id='1' to='a'><body>x</body><y/></message>`,
  ],
  ['order of children', `<message><a/><b/></message>`, `<message><b/><a/></message>`],
  ['prefixes', `<message><x xmlns='urn:x'><y/></x></message>`, `<message><p:x xmlns:p='urn:x'><p:y/></p:x></message>`],
  ['white space around text', `<body> x </body>`, `<body>x</body>`],
  ['{any} as an attribute', `<message id='{any}'/>`, `<message id=''/>`],
  ['{any} inside a value', `<message id='a{any}z'/>`, `<message id='abcz'/>`],
  ['{any} as content', `<message>{any}</message>`, `<message><x/>y</message>`],
  ['{absent}', `<message id='{absent}'/>`, `<message/>`],
  ['{absent or x}, absent', `<message id='{absent or x}'/>`, `<message/>`],
  ['{absent or x}, there', `<message id='{absent or x}'/>`, `<message id='x'/>`],
  ['{one of}', `<message id='{one of a|b}'/>`, `<message id='b'/>`],
  ['{no child}', `<message>{no delay}</message>`, `<message><body/></message>`],
  ['{no child text}', `<m>{no mechanism PLAIN}</m>`, `<m><mechanism>SCRAM-SHA-1</mechanism></m>`],
  [
    'a condition without namespace',
    `<error><conflict/></error>`,
    `<error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
  ],
  [
    'a stream condition without namespace',
    `<stream:error><reset/></stream:error>`,
    `<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`,
  ],
])('the same by meaning: %s', (_, expected, actual) => {
  expect(compare(expected, actual)).toBeUndefined()
})

test.each([
  ['name', `<message/>`, `<presence/>`, 'the element is <presence>'],
  ['namespace', `<x xmlns='urn:x'/>`, `<x xmlns='urn:y'/>`, `the namespace is 'urn:y'`],
  ['attribute missing', `<message id='1'/>`, `<message/>`, 'attribute id is missing'],
  ['attribute different', `<message id='1'/>`, `<message id='2'/>`, `attribute id is '2'`],
  ['text', `<body>x</body>`, `<body>y</body>`, `the text is 'y'`],
  ['text with signs', `<body>a.c</body>`, `<body>abc</body>`, `the text is 'abc'`],
  ['child missing', `<message><body/></message>`, `<message/>`, 'there is no <body'],
  ['child different', `<message><body>x</body></message>`, `<message><body>y</body></message>`, `the text is 'y'`],
  ['one child for two', `<message><a/><a/></message>`, `<message><a/></message>`, 'there is no <a'],
  ['{absent}', `<message id='{absent}'/>`, `<message id='1'/>`, 'is there'],
  ['{absent or x}', `<message id='{absent or x}'/>`, `<message id='y'/>`, `is 'y'`],
  ['{one of}', `<message id='{one of a|b}'/>`, `<message id='c'/>`, 'not one of a|b'],
  ['{no child}', `<message>{no delay}</message>`, `<message><delay/></message>`, 'there is a <delay/>'],
  ['{no child text}', `<m>{no mechanism PLAIN}</m>`, `<m><mechanism>PLAIN</mechanism></m>`, 'there is a <mechanism/>'],
  [
    'another condition',
    `<error><conflict/></error>`,
    `<error><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
    'no <conflict',
  ],
])('different: %s', (_, expected, actual, message) => {
  expect(compare(expected, actual)).toContain(message)
})

test('exactly: what is not mentioned is a difference', () => {
  expect(compare(`<message><a/></message>`, `<message><a/><b/></message>`, { exactly: true })).toContain(
    'nothing was said of <b/>',
  )
  expect(compare(`<message><a/></message>`, `<message to='x'><a/></message>`, { exactly: true })).toBeUndefined()
})

test('captures: a name is remembered, used and excluded', () => {
  const captures = new Map<string, string>()
  expect(compare(`<message id='m-{id=any}'/>`, `<message id='m-7'/>`, { captures })).toBeUndefined()
  expect(captures.get('id')).toBe('7')
  expect(compare(`<message id='{id}'/>`, `<message id='7'/>`, { captures })).toBeUndefined()
  expect(compare(`<message id='{not id}'/>`, `<message id='7'/>`, { captures })).toContain('again')
  expect(compare(`<message id='{not id}'/>`, `<message id='8'/>`, { captures })).toBeUndefined()
})

test('captures: a comparison that fails remembers nothing', () => {
  const captures = new Map<string, string>()
  expect(compare(`<message id='{id=any}'><a/></message>`, `<message id='7'/>`, { captures })).toBeDefined()
  expect(captures.size).toBe(0)
})

test('a name that nobody remembered is an error in the play', () => {
  expect(() => compare(`<message id='{id}'/>`, `<message id='7'/>`)).toThrow('nothing was remembered')
})

test('every value equals itself, and only itself', () => {
  const plain = fc.string().filter(text => !/[{}]/.test(text))
  fc.assert(
    fc.property(plain, plain, (left, right) => {
      expect(valueDifference(left, right) === undefined).toBe(left === right)
    }),
  )
})

test('what is shown can be read again and is the same', () => {
  const name = fc.constantFrom('a', 'b', 'message', 'body')
  const text = fc.string().map(value => value.replaceAll(/[^\x20-\x7e]/g, ''))
  const element = fc.tuple(name, name, text, text).map(([outer, inner, value, content]) => {
    const child = { name: inner, ns: 'urn:x', prefix: '', attributes: { k: value }, children: [content] }
    return { name: outer, ns: 'jabber:client', prefix: '', attributes: { id: value }, children: [child] }
  })
  fc.assert(
    fc.property(element, value => {
      const [again] = readFragment(show(value))
      expect(again && show(again)).toBe(
        show({ ...value, children: value.children.map(child => withoutEmptyText(child)) }),
      )
    }),
  )
})

function withoutEmptyText<T extends { children: string[] }>(element: T): T {
  return { ...element, children: element.children.filter(child => child !== '') }
}
