import { expect, test } from 'vitest'
import { StreamReader } from './xml.ts'

const open = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1'>`

function read(text: string): string[] {
  const heard: string[] = []
  const reader = new StreamReader({
    header: element => heard.push(`header ${element.attributes['id'] ?? ''}`),
    element: element => heard.push(element.name),
    text: value => heard.push(`text ${value}`),
    close: () => heard.push('close'),
  })
  for (const character of text) reader.write(character)
  return heard
}

test('a stream is a header, elements and an end, in any pieces', () => {
  expect(read(`<?xml version='1.0'?>${open} <message/>\n<iq><x/></iq></stream:stream>`)).toEqual([
    'header 1',
    'message',
    'iq',
    'close',
  ])
})

test.each([
  ['mismatched tags', `${open}<a></b>`, /close tag/],
  ['a duplicate attribute', `${open}<a b='1' b='2'/>`, /duplicate/],
  ['an unbound prefix', `${open}<p:a/>`, /unbound/],
  ['an entity that is not one of the five (RFC 6120 §11.1)', `${open}<a>&nbsp;</a>`, /entity/],
  ['a comment (RFC 6120 §11.1)', `${open}<!-- x -->`, /comment/],
  ['a processing instruction (RFC 6120 §11.1)', `${open}<?x y?>`, /processing instruction/],
  ['a document type (RFC 6120 §11.1)', `<!DOCTYPE x>${open}`, /document type/],
  ['a standalone declaration (RFC 6120 §11.5)', `<?xml version='1.0' standalone='yes'?>${open}`, /standalone/],
  ['jabber:server (RFC 6120 §4.8.3)', `${open}<message xmlns='jabber:server'/>`, /jabber:server/],
  ['a prefix for jabber:client (RFC 6120 §4.8.5)', `${open}<c:message xmlns:c='jabber:client'/>`, /prefix/],
])('refuses %s from a server', (_, text, message) => {
  expect(() => read(text)).toThrow(message)
})
