import { describe, expect, test } from 'vitest'
import { Jid, JidError, isFull } from './index.ts'

/** The code and part of the JidError that `run` throws. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof JidError) return error.part === undefined ? error.code : `${error.code} ${error.part}`
    throw error
  }
  return 'accepted'
}

// RFC 7622 §3.5, table 1. [number, JID, local, domain, resource]
const LEGAL: [number, string, string, string, string][] = [
  [1, 'juliet@example.com', 'juliet', 'example.com', ''],
  [2, 'juliet@example.com/foo', 'juliet', 'example.com', 'foo'],
  [3, 'juliet@example.com/foo bar', 'juliet', 'example.com', 'foo bar'],
  [4, 'juliet@example.com/foo@bar', 'juliet', 'example.com', 'foo@bar'],
  [5, 'foo\\20bar@example.com', 'foo\\20bar', 'example.com', ''],
  [6, 'fussball@example.com', 'fussball', 'example.com', ''],
  [7, 'fu\u00dfball@example.com', 'fu\u00dfball', 'example.com', ''],
  [8, '\u03c0@example.com', '\u03c0', 'example.com', ''],
  [9, '\u03a3@example.com/foo', '\u03c3', 'example.com', 'foo'],
  [10, '\u03c3@example.com/foo', '\u03c3', 'example.com', 'foo'],
  [11, '\u03c2@example.com/foo', '\u03c2', 'example.com', 'foo'],
  [12, 'king@example.com/\u265a', 'king', 'example.com', '\u265a'],
  [13, 'example.com', '', 'example.com', ''],
  [14, 'example.com/foobar', '', 'example.com', 'foobar'],
  [15, 'a.example.com/b@example.net', '', 'a.example.com', 'b@example.net'],
]

// RFC 7622 §3.5, table 2, without 18 (see below).
const ILLEGAL: [number, string, string][] = [
  [16, '"juliet"@example.com', 'local-invalid local'],
  [17, 'foo bar@example.com', 'local-invalid local'],
  [19, '@example.com/', 'empty-local local'],
  [20, 'henry\u2163@example.com', 'local-invalid local'],
  [21, '\u265a@example.com', 'local-invalid local'],
  [22, 'juliet@', 'empty-domain domain'],
  [23, '/foobar', 'empty-domain domain'],
]

describe('the examples of RFC 7622 §3.5', () => {
  test.each(LEGAL)('%i: %s is a JID', (_, text, local, domain, resource) => {
    const jid = Jid.parse(text)
    expect([jid.local, jid.domain, jid.resource]).toEqual([local, domain, resource])
    expect(jid.text).toBe(text.replace('\u03a3', '\u03c3'))
    expect(isFull(jid)).toBe(resource !== '')
  })

  test.each(ILLEGAL)('%i: %s is none', (_, text, why) => {
    expect(refusal(() => Jid.parse(text))).toBe(why)
  })

  test('18: a space in front of the resource is kept: OpaqueString has no rule against it (RFC 8265 §4.2.2)', () => {
    expect(Jid.parse('juliet@example.com/ foo').resource).toBe(' foo')
  })

  test('6 and 7, 10 and 11 stay different, 9 and 10 are the same', () => {
    const at = (index: number) => Jid.parse(LEGAL[index - 1]![1])
    expect(Jid.equal(at(6), at(7))).toBe(false)
    expect(Jid.equal(at(10), at(11))).toBe(false)
    expect(Jid.equal(at(9), at(10))).toBe(true)
  })
})
