import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Scalar, base64, between, bool, dateTime, fullJid, int, jid, oneOf, uint32 } from './scalars.ts'

const bytes = (...values: number[]) => new Uint8Array(values)

test.each<[string, Scalar<unknown>, string, unknown]>([
  ['int', int, '42', 42],
  ['int with a sign', int, '-7', -7],
  ['int with a plus and zeros', int, '+007', 7],
  ['int between white space', int, '\n 1 ', 1],
  ['int minus zero', int, '-0', 0],
  ['between, lowest', between(-128, 127), '-128', -128],
  ['uint32, highest', uint32, '4294967295', 4_294_967_295],
  ['bool word', bool, 'true', true],
  ['bool digit', bool, '0', false],
  ['base64', base64, 'AAEC/w==', bytes(0, 1, 2, 255)],
  ['base64, one pad', base64, 'aGk=', bytes(104, 105)],
  ['base64, nothing', base64, '', bytes()],
  ['oneOf', oneOf('get', 'set'), 'set', 'set'],
  ['dateTime in UTC (XEP-0082 §3.2)', dateTime, '1969-07-21T02:56:15Z', new Date('1969-07-21T02:56:15Z')],
  ['dateTime with an offset', dateTime, '1969-07-20T21:56:15-05:00', new Date('1969-07-21T02:56:15Z')],
  ['dateTime with a fraction', dateTime, '2026-01-02T03:04:05.6789Z', new Date('2026-01-02T03:04:05.678Z')],
  ['dateTime on a leap day', dateTime, '2024-02-29T00:00:00Z', new Date('2024-02-29T00:00:00Z')],
  ['dateTime of the first century', dateTime, '0042-01-01T00:00:00Z', new Date('0042-01-01T00:00:00Z')],
])('read: %s', (_, type, text, value) => expect(type.read(text)).toEqual(value))

test.each<[string, Scalar<unknown>, string]>([
  ['int: nothing', int, ''],
  ['int: a fraction', int, '1.5'],
  ['int: hexadecimal', int, '0x10'],
  ['int: an exponent', int, '1e3'],
  ['int: too large to be exact', int, '9007199254740993'],
  ['int: digits without end', int, '1'.repeat(10_000)],
  ['int: a word', int, 'Infinity'],
  ['between: below', between(-128, 127), '-129'],
  ['uint32: negative', uint32, '-1'],
  ['uint32: above', uint32, '4294967296'],
  ['bool: another word', bool, 'yes'],
  ['bool: capitals', bool, 'TRUE'],
  ['bool: nothing', bool, ''],
  ['base64: white space', base64, 'aG k='],
  ['base64: no padding', base64, 'aGk'],
  ['base64: padding alone', base64, '===='],
  ['base64: padding inside', base64, 'aG=kaGk='],
  ['base64: stray bits', base64, 'aGl='],
  ['base64: stray bits before two pads', base64, 'aB=='],
  ['base64: the alphabet for URLs', base64, '-_-_'],
  ['base64: not ASCII', base64, 'ÄÄÄÄ'],
  ['oneOf: another word', oneOf('get', 'set'), 'result'],
  ['oneOf: a name every object has', oneOf('get', 'set'), 'constructor'],
  ['jid: nothing', jid, ''],
  ['jid: empty localpart', jid, '@capulet.lit'],
  ['fullJid: no resource', fullJid, 'juliet@capulet.lit'],
  ['dateTime: a day alone', dateTime, '2026-01-02'],
  ['dateTime: no zone', dateTime, '2026-01-02T03:04:05'],
  ['dateTime: the old format of XEP-0091', dateTime, '20260102T03:04:05'],
  ['dateTime: a day that does not exist', dateTime, '2026-02-29T00:00:00Z'],
  ['dateTime: month 13', dateTime, '2026-13-01T00:00:00Z'],
  ['dateTime: hour 24', dateTime, '2026-01-01T24:00:00Z'],
  ['dateTime: offset beyond the day line', dateTime, '2026-01-01T00:00:00+15:00'],
  ['dateTime: before the year 0', dateTime, '0000-01-01T00:00:00+01:00'],
])('read refuses %s', (_, type, text) => expect(type.read(text)).toBeUndefined())

test('dateTime is written in UTC, with a fraction only where there is one (XEP-0082 §3.2)', () => {
  expect(dateTime.write(new Date('2026-01-02T03:04:05Z'))).toBe('2026-01-02T03:04:05Z')
  expect(dateTime.write(new Date('2026-01-02T03:04:05.060Z'))).toBe('2026-01-02T03:04:05.060Z')
  expect(() => dateTime.write(new Date(Number.NaN))).toThrow(RangeError)
})

const year0 = new Date('0000-01-01T00:00:00Z')
const year9999 = new Date('9999-12-31T23:59:59.999Z')

test.each<[string, Scalar<unknown>, fc.Arbitrary<unknown>]>([
  ['base64', base64, fc.uint8Array()],
  ['int', int, fc.maxSafeInteger().map(value => value + 0)],
  ['dateTime', dateTime, fc.date({ min: year0, max: year9999, noInvalidDate: true })],
])('what %s writes it reads back', (_, type, values) => {
  fc.assert(
    fc.property(values, value => {
      expect(type.read(type.write(value))).toEqual(value)
    }),
  )
})

test('no text makes a scalar throw', () => {
  const all: Scalar<unknown>[] = [int, uint32, bool, base64, dateTime, jid, fullJid, oneOf('a')]
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...all), (text, type) => {
      type.read(text)
    }),
  )
})
