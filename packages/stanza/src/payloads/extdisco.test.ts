import { readStanza } from '@tercet/xml'
import { describe, expect, test } from 'vitest'
import { credentials, services } from './extdisco.ts'

const content = (xml: string) => readStanza(`<iq>${xml}</iq>`).content
const NS = "xmlns='urn:xmpp:extdisco:2'"

describe('XEP-0215', () => {
  test('a list of services (§3.1)', () => {
    const xml = `<services ${NS} type='turn'><service host='turn.a.test' type='turn' port='3478' transport='udp' username='1:romeo' password='pass' expires='2026-11-26T12:00:00Z' restricted='true'/></services>`
    const value = {
      type: 'turn',
      services: [
        {
          host: 'turn.a.test',
          type: 'turn',
          port: 3478,
          transport: 'udp',
          username: '1:romeo',
          password: 'pass',
          expires: new Date('2026-11-26T12:00:00Z'),
          restricted: true,
        },
      ],
    }
    expect(services.readResult(content(xml))).toEqual(value)
    expect(services.writeResult(value).text).toBe(xml)
  })

  test('a request for credentials names a service (§3.3)', () => {
    const [request] = content(`<credentials ${NS}><service host='turn.a.test' type='turn'/></credentials>`).elements()
    expect(credentials.request.read(request!)).toEqual({ service: { host: 'turn.a.test', type: 'turn' } })
  })

  test.each([
    ['no service', `<credentials ${NS}/>`, 'credentials/service'],
    ['no host', `<credentials ${NS}><service type='turn'/></credentials>`, 'credentials/service/@host'],
    ['no type', `<credentials ${NS}><service host='x'/></credentials>`, 'credentials/service/@type'],
    [
      'a port that is none',
      `<credentials ${NS}><service host='x' type='turn' port='65536'/></credentials>`,
      'credentials/service/@port',
    ],
  ])('refused: %s', (_, xml, path) => {
    const [request] = content(xml).elements()
    expect(() => credentials.request.read(request!)).toThrow(expect.objectContaining({ name: 'DecodeError', path }))
  })
})
