import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePlay, PlaySyntaxError } from './play-parser.ts'

const header = `play  A title
rule  RT-04, RFC 6121 §8.5
`

describe('header', () => {
  test('everything a header can say', () => {
    const play = parsePlay(`play    A title of
        two lines
rule    RT-04, RFC 6121 §8.5.2; XEP-0280 §7
choice  this one
server  require-tls, login-seconds=2
given   romeo and juliet are friends, nurse@b.test follows romeo
cast    romeo/orchard (priority -1, carbons)
        juliet@b.test/balcony (away)  stranger  tybalt@a.test (secured)
# a comment
everyone receives nothing
`)
    expect(play).toMatchObject({
      title: 'A title of two lines',
      rule: 'RT-04',
      spec: 'RFC 6121 §8.5.2; XEP-0280 §7',
      choice: 'this one',
      server: { 'require-tls': 'true', 'login-seconds': '2' },
      given: [
        { kind: 'friends', first: 'romeo@a.test', second: 'juliet@a.test' },
        { kind: 'follows', first: 'nurse@b.test', second: 'romeo@a.test' },
      ],
    })
    expect(play.cast).toMatchObject([
      {
        name: 'romeo/orchard',
        account: 'romeo@a.test',
        resource: 'orchard',
        priority: -1,
        carbons: true,
        stage: 'present',
      },
      { name: 'juliet@b.test/balcony', account: 'juliet@b.test', resource: 'balcony', stage: 'away' },
      { name: 'stranger', account: undefined, stage: 'wire' },
      { name: 'tybalt@a.test', account: 'tybalt@a.test', resource: undefined, stage: 'secured' },
    ])
  })

  test('a resource begins at the first slash', () => {
    const play = parsePlay(`${header}cast  romeo/c@d/e\n\nromeo/c@d/e closes\n`)
    expect(play.cast[0]).toMatchObject({ account: 'romeo@a.test', resource: 'c@d/e' })
  })
})

describe('sentences', () => {
  test.each([
    [
      'romeo/a and juliet/b receive',
      { verb: 'receives', actors: ['romeo/a', 'juliet/b'], receiving: 'in order', exactly: false },
    ],
    ['romeo/a receives exactly', { verb: 'receives', receiving: 'in order', exactly: true }],
    ['romeo/a receives in any order', { verb: 'receives', receiving: 'in any order' }],
    ['romeo/a receives among others', { verb: 'receives', receiving: 'among others' }],
    ['romeo/a does not receive', { verb: 'does not receive' }],
    ['romeo/a sends', { verb: 'sends' }],
    ['romeo/a sends bytes', { verb: 'sends bytes' }],
    ['challenge decodes to', { verb: 'decodes to', argument: 'challenge', actors: [] }],
  ])('%s', (text, expected) => {
    const play = parsePlay(`${header}cast  romeo/a  juliet/b\n\n${text}\n  <x/>\n  <y/>\n`)
    expect(play.steps[0]).toMatchObject({ ...expected, body: ['<x/>', '<y/>'], line: 5 })
  })

  test.each([
    ['romeo/a receives nothing', { verb: 'receives nothing' }],
    ['everyone receives nothing more', { verb: 'receives nothing', actors: ['everyone'] }],
    ['romeo/a connects (priority 3)', { verb: 'connects', argument: 'priority 3' }],
    ["romeo/a's stream is closed", { verb: 'stream is closed', argument: '' }],
    [
      "romeo/a's stream is closed with <conflict/> or <reset/>",
      { verb: 'stream is closed', argument: '<conflict/> or <reset/>' },
    ],
    ["romeo/a's connection ends", { verb: 'connection ends' }],
    ['romeo/a opens a stream to b.test', { verb: 'opens a stream', argument: 'b.test' }],
    ['romeo/a authenticates as juliet', { verb: 'authenticates', argument: 'juliet' }],
    ['romeo/a binds orchard', { verb: 'binds', argument: 'orchard' }],
    ['romeo/a cuts the wire', { verb: 'cuts the wire' }],
    ['wait at most 8 s', { verb: 'waits', argument: '8', actors: [] }],
    ['the server restarts', { verb: 'server restarts', actors: [] }],
  ])('%s', (text, expected) => {
    expect(parsePlay(`${header}cast  romeo/a\n\n${text}\n`).steps[0]).toMatchObject(expected)
  })
})

test.each([
  ['no title', 'rule  RT-04, x\ncast  a\n\na closes', "no 'play'"],
  ['no rule', 'play  x\ncast  a\n\na closes', "no 'rule'"],
  ['a rule without section', 'play  x\nrule  RT-04\ncast  a\n\na closes', "no 'rule'"],
  ['a header twice', `${header}rule  RT-05, x\ncast  a\n\na closes`, "line 3: a second 'rule'"],
  ['no cast', `${header}\na closes`, 'nobody is cast'],
  ['no steps', `${header}cast  a`, 'nothing happens'],
  ['an actor who is not cast', `${header}cast  a\n\nb closes`, "line 5: 'b' is not in the cast"],
  ['a sentence that is none', `${header}cast  a\n\na sings`, 'line 5: not understood: a sings'],
  ['text missing', `${header}cast  a\n\na sends`, 'line 5: what?'],
  ['text too many', `${header}cast  a\n\na closes\n  <x/>`, 'line 5: this sentence takes no text'],
  ['an unknown option', `${header}cast  a (in love)\n\na closes`, 'unknown option (in love)'],
  ['an unknown state of affairs', `${header}given  a hates b\ncast  a\n\na closes`, 'not understood: given a hates b'],
  ['indented text at the start', `  <x/>\n${header}`, 'line 1: indented'],
])('refuses: %s', (_, text, message) => {
  expect(() => parsePlay(text)).toThrow(message)
})

test('whatever the text, a play or a PlaySyntaxError comes of it', () => {
  const word = fc.constantFrom(
    'play',
    'rule',
    'cast',
    'given',
    'romeo/a',
    'sends',
    'receives',
    '  <x/>',
    '\n',
    '(',
    ')',
    ',',
    'RT-04,',
    '#',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(word).map(words => words.join(' ')),
  )
  fc.assert(
    fc.property(text, value => {
      try {
        expect(parsePlay(value).steps.length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(PlaySyntaxError)
      }
    }),
  )
})

test('components are cast by their domain, and come as far as it is said', () => {
  const { cast } = parsePlay(`play  t
rule  CMP-01, XEP-0114 §3
cast  c.test (component)  c.test/again (component, stream)  d.test (component, away)

c.test closes
`)
  expect(cast).toMatchObject([
    { name: 'c.test', account: undefined, domain: 'c.test', server: 'is a component', stage: 'bound' },
    { name: 'c.test/again', account: undefined, domain: 'c.test', server: 'is a component', stage: 'stream' },
    { name: 'd.test', domain: 'd.test', server: 'is a component', stage: 'away' },
  ])
})

test('other servers are cast by their domain, with a door and a certificate', () => {
  const { cast, steps } = parsePlay(`play  t
rule  S2S-01, XEP-0220 §2.1.1
cast  c.test (server, expired certificate)  c.test/door (dialled server)

c.test/door is dialled
c.test/door answers the stream as x1
c.test/door is not dialled
`)
  expect(cast).toMatchObject([
    { name: 'c.test', account: undefined, domain: 'c.test', server: 'dials', shows: 'expired', stage: 'wire' },
    { name: 'c.test/door', account: undefined, domain: 'c.test', server: 'is dialled', stage: 'away' },
  ])
  expect(steps.map(step => [step.verb, step.argument])).toEqual([
    ['is dialled', ''],
    ['answers the stream', 'x1'],
    ['is not dialled', ''],
  ])
})
