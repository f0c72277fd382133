import { describe, expect, test } from 'vitest'
import { Element } from './element.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { parse, readStanza } from './parse.ts'
import { xml } from './template.ts'

const conditionOf = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return (error as { condition: string }).condition
  }
}

describe('parse', () => {
  test.each([
    ['an element', '<a/>', new Element('a', '')],
    ['a declaration and white space', "<?xml version='1.0' encoding='UTF-8'?>\n<a/>\n", new Element('a', '')],
    [
      'namespaces as they stand',
      "<a xmlns='jabber:server'><b xmlns='jabber:client'/></a>",
      new Element('a', 'jabber:server', [], [new Element('b', 'jabber:client')]),
    ],
  ])('reads %s', (_, text, element) => expect(parse(text)).toEqual(element))

  test('the default namespace may be given', () => expect(parse('<a/>', { ns: 'u' })).toEqual(new Element('a', 'u')))

  test.each([
    ['', 'not-well-formed'],
    ['a', 'not-well-formed'],
    ['<a/><b/>', 'not-well-formed'],
    ['<a>', 'not-well-formed'],
    ['</a>', 'not-well-formed'],
    ['\ufeff<a/>', 'not-well-formed'],
    ['<a>\ud800</a>', 'not-well-formed'],
    ['<a/><!-- b -->', 'not-well-formed'],
    ['<!-- b --><a/>', 'restricted-xml'],
    ["<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 'restricted-xml'],
    ["<?xml version='1.0' encoding='latin1'?><a/>", 'unsupported-encoding'],
  ])('refuses %j', (text, condition) => expect(conditionOf(() => parse(text))).toBe(condition))

  test('billion laughs is refused at its first declaration (STR-11)', () => {
    const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} '${`&l${i};`.repeat(10)}'>`).join('')
    expect(conditionOf(() => parse(`<!DOCTYPE l [<!ENTITY l0 'ha'>${laughs}]><l>&l9;</l>`))).toBe('restricted-xml')
  })
})

describe('readStanza', () => {
  test('reads neutral text as a stream would', () => {
    const { name, ns, attrs, content, verbatim } = readStanza("<message to='a' id='1'><body>b</body></message>")
    expect({ name, ns, attrs, verbatim }).toEqual({
      name: 'message',
      ns: 'jabber:client',
      attrs: ['to', 'a', 'id', '1'],
      verbatim: true,
    })
    expect(content.text).toBe('<body>b</body>')
  })

  test.each([
    '<a/><b/>',
    '<a/> ',
    ' <a/>',
    '',
    '<a>',
    'a',
    '<a>\udc00</a>',
    '</a>',
    '</><a><b/>',
    '</><a/>',
    'ce/>',
    '\na/>',
  ])('refuses %j', text => expect(conditionOf(() => readStanza(text))).toBe('not-well-formed'))

  test('knows limits', () => {
    expect(conditionOf(() => readStanza('<abc/>', { maxBytes: 5 }))).toBe('policy-violation')
    expect(DEFAULT_LIMITS.maxBytes).toBe(262_144)
  })

  test('long values do not read differently', () => {
    const long = 'é'.repeat(5000)
    const fragment = readStanza(`<a b='${long}' c='d'><e f='${long}'/></a>`)
    expect([fragment.verbatim, fragment.attr('b'), fragment.attr('c')]).toEqual([true, long, 'd'])
    expect(fragment.content.elementAt(0).attr('f')).toBe(long)
  })
})

describe('Element', () => {
  const element = xml`<message to='a' xml:lang='de'>x<body>1</body><body xmlns='u'>2</body>y</message>`

  test('finds attributes and children', () => {
    expect([element.attr('to'), element.attr('xml:lang'), element.attr('toString')]).toEqual(['a', 'de', undefined])
    expect(element.child('body')?.text()).toBe('1')
    expect(element.child('body', 'u')?.text()).toBe('2')
    expect(element.child('body', 'v')).toBeUndefined()
    expect([element.elements().length, element.text()]).toEqual([2, 'xy'])
  })
})

describe('xml`…`', () => {
  test('escapes values and takes elements', () => {
    const inner = new Element('x', 'u')
    expect(xml`<a b='${`'<`}'>${'<c/>'}${inner}${[inner, 'd']}${undefined}${1}</a>`).toEqual(
      new Element('a', 'jabber:client', ['b', "'<"], ['<c/>', inner, inner, 'd1']),
    )
  })

  test('leaves layout out and text as it is', () => {
    expect(xml`
      <a>
        <b> </b>
        <c>d
        </c>
      </a>
    `).toEqual(
      new Element(
        'a',
        'jabber:client',
        [],
        [new Element('b', 'jabber:client', [], [' ']), new Element('c', 'jabber:client', [], ['d\n        '])],
      ),
    )
  })

  test('refuses what is no element', () => expect(conditionOf(() => xml`<a>`)).toBe('not-well-formed'))
})
