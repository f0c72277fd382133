import { readStanza, write } from '@tercet/xml'
import { expect, test } from 'vitest'
import { push, register, registered } from './unified-push.ts'

const NS = "xmlns='http://gultsch.de/xmpp/drafts/unified-push'"
const NAMES = "application='YQ==' instance='Yg=='"
const element = (xml: string) => readStanza(`<iq>${xml}</iq>`).content.elementAt(0)

test('shapes are read as they are written', () => {
  const asked = `<register ${NS} ${NAMES}/>`
  expect(register.request.read(element(asked))).toEqual({ application: 'YQ==', instance: 'Yg==' })
  const given = `<registered ${NS} endpoint='https://a.test/push/1' expiration='2026-11-26T12:00:00Z'/>`
  const value = { endpoint: 'https://a.test/push/1', expiration: new Date('2026-11-26T12:00:00Z') }
  expect(registered.read(element(given))).toEqual(value)
  expect(write(registered.write(value))).toBe(given)
  const told = `<push ${NS} ${NAMES}>AP8B</push>`
  const data = { application: 'YQ==', instance: 'Yg==', data: Uint8Array.of(0, 255, 1) }
  expect(push.request.read(element(told))).toEqual(data)
  expect(write(push.request.write(data))).toBe(told)
})

test.each([
  ['no names', register.request, `<register ${NS}/>`],
  ['no moment', registered, `<registered ${NS} endpoint='x' expiration='soon'/>`],
  ['no base64', push.request, `<push ${NS} ${NAMES}>!</push>`],
])('%s is refused', (_, codec, xml) => {
  expect(() => codec.read(element(xml))).toThrow(expect.objectContaining({ name: 'DecodeError' }) as Error)
})
