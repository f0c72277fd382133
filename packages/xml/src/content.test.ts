import { describe, expect, test } from 'vitest'
import { Content } from './content.ts'
import { Element } from './element.ts'
import { readStanza } from './parse.ts'

const inner = "a&lt;é<body>hi 🌹</body> <x xmlns='urn:x' n='é'><y/></x>b<x xmlns='urn:x' n='2'/><body/>&amp;"
const text = readStanza(`<message>${inner}</message>`)
const trees = Content.of(text.toElement().children)
const delay = new Element('delay', 'urn:xmpp:delay', ['stamp', 'now'])

test('the scan gave text', () => expect(text.verbatim).toBe(true))

describe.each([
  ['text', () => readStanza(`<message>${inner}</message>`).content],
  ['trees', () => trees],
])('content born as %s', (_, make) => {
  test('has an index of its child elements', () => {
    const content = make()
    expect(content.size).toBe(4)
    expect([0, 1, 2, 3].map(i => content.nameAt(i))).toEqual(['body', 'x', 'x', 'body'])
    expect(content.nsAt(1)).toBe('urn:x')
    expect(content.nsAt(3)).toBe('jabber:client')
  })

  test.each([
    ['body', 'jabber:client', 0],
    ['x', 'urn:x', 1],
    ['x', 'jabber:client', -1],
    ['y', 'urn:x', -1],
    ['', '', -1],
  ])('find %s in %s: %i', (name, ns, index) => expect(make().find(name, ns)).toBe(index))

  test('gives the tree of one child, the same each time', () => {
    const content = make()
    const x = content.elementAt(1)
    expect(x).toEqual(new Element('x', 'urn:x', ['n', 'é'], [new Element('y', 'urn:x')]))
    expect(content.elementAt(1)).toBe(x)
    expect(content.elements()[0]!.text()).toBe('hi 🌹')
    expect(content.children()).toHaveLength(8)
  })

  test('has neutral text, whole and by child', () => {
    const content = make()
    expect(content.text).toBe(inner)
    expect([0, 1, 2, 3].map(i => content.textAt(i)).join('|')).toBe(
      "<body>hi 🌹</body>|<x xmlns='urn:x' n='é'><y/></x>|<x xmlns='urn:x' n='2'/>|<body/>",
    )
  })

  test('gives the character data directly inside', () => expect(make().directText()).toBe('a<é b&'))

  test('loses a child and keeps its own', () => {
    const content = make()
    const less = content.without(1)
    expect(less.text).toBe(inner.replace("<x xmlns='urn:x' n='é'><y/></x>", ''))
    expect([less.size, less.textAt(1), less.nameAt(2), less.textAt(2)]).toEqual([
      3,
      "<x xmlns='urn:x' n='2'/>",
      'body',
      '<body/>',
    ])
    expect(less.without(0).without(0).without(0).text).toBe('a&lt;é b&amp;')
    expect(content.size).toBe(4)
  })

  test('loses many at once', () => {
    const content = make()
    const kept = content.filter((name, ns, i) => name === 'body' && ns === 'jabber:client' && i > 0)
    expect([kept.size, kept.text, kept.textAt(0)]).toEqual([1, 'a&lt;é b<body/>&amp;', '<body/>'])
    expect(content.filter(() => true).text).toBe(content.text)
  })

  test('gains a child at its end', () => {
    const more = make().plus(delay)
    expect(more.text).toBe(inner + "<delay xmlns='urn:xmpp:delay' stamp='now'/>")
    expect([more.size, more.find('delay', 'urn:xmpp:delay'), more.textAt(4)]).toEqual([
      5,
      4,
      "<delay xmlns='urn:xmpp:delay' stamp='now'/>",
    ])
    expect(more.elementAt(4)).toEqual(delay)
    expect(more.without(0).elementAt(3)).toEqual(delay)
  })

  test.each([
    ['a reference', new Element('a', 'u', ['b', '\n'], ['\r'])],
    ['an attribute in a namespace', new Element('a', 'u', ['{v}b', '1'])],
    ['the namespace of xml:', new Element('a', 'http://www.w3.org/XML/1998/namespace')],
  ])('gains a child with %s, which the scan would not read', (_, child) => {
    const more = make().plus(child)
    expect(more.elementAt(4)).toEqual(child)
    expect(readStanza(`<message>${more.text}</message>`).content.elementAt(4)).toEqual(child)
  })
})

test('the same element twice is two children', () => {
  const twice = Content.of([delay, delay])
  expect(twice.without(0).size).toBe(1)
  expect(Content.of([delay]).plus(delay).size).toBe(2)
})

test('nothing inside', () => {
  expect(Content.EMPTY).toMatchObject({ size: 0, text: '' })
  expect(Content.of([])).toBe(Content.EMPTY)
  expect(readStanza('<presence/>').content).toBe(Content.EMPTY)
  expect(readStanza('<presence></presence>').content).toBe(Content.EMPTY)
  expect(Content.EMPTY.plus(delay).without(0).text).toBe('')
  expect(Content.EMPTY.elements()).toEqual([])
})

test('content of a foreign element becomes neutral: what it inherits is written out', () => {
  const { content } = readStanza("<a xmlns='u'>x<b c='1'><d/></b></a>")
  expect(content.nsAt(0)).toBe('u')
  expect(content.text).toBe("x<b xmlns='u' c='1'><d/></b>")
  expect(content.textAt(0)).toBe("<b xmlns='u' c='1'><d/></b>")
  expect(content.plus(delay).text).toBe("x<b xmlns='u' c='1'><d/></b><delay xmlns='urn:xmpp:delay' stamp='now'/>")
  expect(content.without(0).text).toBe('x')
})

test('text that was handed over is written anew, without prefixes (RFC 6120 §4.8.5)', () => {
  const fragment = readStanza("<c:a xmlns:c='jabber:client' xmlns:p='u'><p:b p:d='1'/><c:e/></c:a>")
  expect(fragment.verbatim).toBe(false)
  expect(fragment.content.text).toBe("<b xmlns='u' xmlns:a0='u' a0:d='1'/><e/>")
  expect(fragment.attr('none')).toBeUndefined()
})
