import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEADER_LIMITS } from './reader.ts'
import { readStartTag } from './sax-reader.ts'
import { usualTag } from './usual-tag.ts'

const STREAMS = 'http://etherx.jabber.org/streams'
const usual = `<stream:stream to='a.test' version="1.0" xml:lang='en' xmlns='jabber:client' xmlns:stream='${STREAMS}'>`

function bySax(text: string): unknown {
  try {
    return readStartTag(text, HEADER_LIMITS)
  } catch {
    return 'refused'
  }
}

test.each([
  ['in single and double quotes', usual],
  ['with more white space', `\n ${usual.replace(' to', '\n\tto').replace('>', ' >')}`],
  ['of a server', usual.replace('jabber:client', 'jabber:server').replace('to', 'from')],
  ['with letters beyond ASCII', usual.replace('a.test', 'größe.test')],
])('a tag %s is read as sax reads it', (_, text) => {
  expect(usualTag(text)).toEqual(bySax(text))
})

test.each([
  ['another prefix', usual.replaceAll('stream:stream', 's:stream').replace('xmlns:stream', 'xmlns:s')],
  ['no prefix', usual.replace('stream:stream', 'stream')],
  ['the prefix of something else', usual.replace(STREAMS, 'urn:x')],
  ['an attribute twice', usual.replace(' to', " to='b.test' to")],
  ['a namespace twice', usual.replace(' xmlns=', " xmlns='urn:x' xmlns=")],
  ['one more namespace', usual.replace(' to', " xmlns:db='jabber:server:dialback' to")],
  ['an attribute that nobody knows', usual.replace(' to', " x='y' to")],
  ['no content namespace', usual.replace('jabber:client', '')],
  ['a reserved namespace', usual.replace('jabber:client', 'http://www.w3.org/XML/1998/namespace')],
  ['a reference', usual.replace('a.test', 'a&#46;test')],
  ['a line break in a value', usual.replace('a.test', 'a\ntest')],
  ['a forbidden character', usual.replace('a.test', 'a\ufffetest')],
  ['white space that is none in XML', usual.replace(' to', '\u00a0to')],
  ['such white space at its end', usual.replace('>', '\u2028>')],
  ['such white space before it', `\ufeff${usual}`],
  ['a < in a value', usual.replace('a.test', 'a<test')],
  ['half a character', usual.replace('a.test', 'a\ud800test')],
  ['no space between attributes', usual.replace("' version", "'version")],
  ['an end of its own', usual.replace('>', '/>')],
  ['something behind it', `${usual} `],
])('a tag with %s is left to sax', (_, text) => {
  expect(usualTag(text)).toBeUndefined()
})

test('property: whatever it reads, sax reads alike', () => {
  const name = fc.constantFrom('to', 'from', 'id', 'version', 'xml:lang', 'xmlns', 'xmlns:stream', 'xmlns:x', 'y')
  const value = fc.oneof(
    fc.constantFrom('jabber:client', STREAMS, 'a.test', '', 'http://www.w3.org/XML/1998/namespace'),
    // The cutter lets no quotes pass.
    fc.string({ unit: 'binary', maxLength: 6 }).filter(text => !/['"]/.test(text)),
  )
  const space = fc.constantFrom(' ', '  ', '\n', '\t ', '', '\u00a0', '\u2003')
  const attribute = fc.tuple(space, name, fc.constantFrom("'", '"'), value)
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 6 }), fc.boolean(), space, (attributes, complete, end) => {
      const inner = attributes.map(([space, name, quote, value]) => `${space}${name}=${quote}${value}${quote}`).join('')
      const rest = complete ? ` xmlns='jabber:client' xmlns:stream='${STREAMS}'` : ''
      const text = `<stream:stream${inner}${rest}${end}>`
      const read = usualTag(text)
      if (read) expect(read).toEqual(bySax(text))
    }),
    { numRuns: 500 },
  )
})
