/** What sax 1.6 alone accepts, and that the reader around it does not; to be read again when sax is upgraded. */
import sax from 'sax'
import { describe, expect, test } from 'vitest'
import { tcpReader } from './tcp-reader.ts'
import { clientHeader } from '../bench/corpus.ts'

/** Outcome of bare sax in its strictest mode. */
function bare(text: string, options = { xmlns: true, strictEntities: true, position: false }): string {
  const parser = sax.parser(true, options)
  let outcome = 'accepted'
  parser.onerror = error => {
    outcome = 'refused'
    throw error
  }
  try {
    parser.write(text).close()
  } catch (error) {
    return error instanceof TypeError ? 'thrown' : outcome
  }
  return outcome
}

function ours(text: string): string {
  const reader = tcpReader({ framing: 'sax' })
  reader.push(new TextEncoder().encode(clientHeader + text))
  try {
    while (reader.next() !== undefined);
    return reader.pendingBytes === 0 ? 'accepted' : 'unfinished'
  } catch (error) {
    return (error as Error).name
  }
}

describe('sax accepts, we refuse', () => {
  test.each([
    ['a repeated attribute', "<a b='1' b='2'/>"],
    ['U+0000', '<a>\0</a>'],
    ['a control character', '<a>\x01</a>'],
    ['U+FFFE', '<a>\ufffe</a>'],
    [']]> in text', '<a>]]></a>'],
    ['< in a value', "<a b='<'/>"],
    ['white space after <', '< a/>'],
    ['white space after </', '<a></ a>'],
    ['an entity in capitals', '<a>&LT;</a>'],
    ['an undeclared prefix by a prototype', '<constructor:a/>'],
    ['a prefix undeclared', "<a xmlns:p=''/>"],
    ['two colons', "<a xmlns:p='u'><p:b:c/></a>"],
    ['a second declaration', "<a><?xml version='1.0'?></a>"],
  ])('%s', (_, text) => {
    expect(bare(text)).toBe('accepted')
    expect(ours(text)).toBe('XmlError')
  })

  test('a second root', () => {
    expect(bare('<a/><b/>')).toBe('accepted')
  })

  test('a lone surrogate, which no UTF-8 holds', () => {
    expect(bare('<a>\ud800</a>')).toBe('accepted')
  })
})

test('without xmlns an attribute of a prototype name makes sax throw; with it nothing does', () => {
  const text = "<a hasOwnProperty='1' b='2'/>"
  expect(bare(text, { xmlns: false, strictEntities: true, position: false })).toBe('thrown')
  expect(bare(text)).toBe('accepted')
  expect(ours(text)).toBe('accepted')
})

test('without positions sax buffers without bound; our limit holds', () => {
  expect(bare(`<a>${'b'.repeat(2_000_000)}</a>`)).toBe('accepted')
  expect(ours(`<a>${'b'.repeat(2_000_000)}`)).toBe('XmlError')
})

test('sax reports an unbound prefix itself, as the reader does', () => {
  expect(bare('<p:a/>')).toBe('refused')
  expect(ours('<p:a/>')).toBe('XmlError')
})
