import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAccountLine } from './account-csv.ts'

test.each([
  ['a@b,secret', { jid: 'a@b', password: 'secret' }],
  ['\uFEFFa@b,secret\r', { jid: 'a@b', password: 'secret' }],
  [' a@b ,  two words ', { jid: 'a@b', password: '  two words ' }],
  ['a@b,with,commas "and quotes"', { jid: 'a@b', password: 'with,commas "and quotes"' }],
  ['a,b@c,x', { jid: 'a,b@c', password: 'x' }],
  ['"a,b@c","say ""x"", y"', { jid: 'a,b@c', password: 'say "x", y' }],
])('%j is an account', (text, account) => expect(parseAccountLine(text, 2)).toEqual({ line: 2, ...account }))

test.each(['', '   ', '\r'])('%j is no line', text => expect(parseAccountLine(text, 2)).toBeUndefined())

test('the header is left out, in the first line alone', () => {
  expect(parseAccountLine('jid,password', 1)).toBeUndefined()
  expect(parseAccountLine('jid,password', 2)).toBe('bad')
})

test.each(['a@b', 'a@b,', 'nobody,secret', ',x', '"a@b,x', 'a@b,"x', 'a@b,"x"y'])('%j is bad', text =>
  expect(parseAccountLine(text, 2)).toBe('bad'),
)

test('what is quoted comes back as it was', () => {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, password) => {
      fc.pre(name.trim() === name && !/[\r\n]/.test(name + password) && !name.startsWith('\uFEFF'))
      expect(parseAccountLine(`${quoted(name)},${quoted(password)}`, 1)).toMatchObject({ jid: name, password })
    }),
  )
})
