import { readStanza, write } from '@tercet/xml'
import { describe, expect, test } from 'vitest'
import type { Query } from '../query.ts'
import { last } from './last.ts'
import { ping } from './ping.ts'
import { time } from './time.ts'
import { version } from './version.ts'

const content = (xml: string) => readStanza(`<iq>${xml}</iq>`).content

const answers: readonly (readonly [string, Query<unknown, unknown>, string, unknown])[] = [
  [
    'version (XEP-0092 §2)',
    version,
    "<query xmlns='jabber:iq:version'><name>Tercet</name><version>1.0</version><os>Any</os></query>",
    { name: 'Tercet', version: '1.0', os: 'Any' },
  ],
  [
    'version without os',
    version,
    "<query xmlns='jabber:iq:version'><name>T</name><version/></query>",
    { name: 'T', version: '' },
  ],
  [
    'time (XEP-0202 §3)',
    time,
    "<time xmlns='urn:xmpp:time'><tzo>-06:30</tzo><utc>2006-12-19T17:58:35Z</utc></time>",
    { offsetMinutes: -390, utc: new Date('2006-12-19T17:58:35Z') },
  ],
  [
    'time in UTC',
    time,
    "<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>2006-12-19T17:58:35.100Z</utc></time>",
    { offsetMinutes: 0, utc: new Date('2006-12-19T17:58:35.100Z') },
  ],
  [
    'last (XEP-0012 §3)',
    last,
    "<query xmlns='jabber:iq:last' seconds='903'>Heading home</query>",
    { seconds: 903, status: 'Heading home' },
  ],
  ['last of a server', last, "<query xmlns='jabber:iq:last' seconds='0'/>", { seconds: 0 }],
]

describe('answers', () => {
  test.each(answers)('%s', (_, query, xml, value) => {
    expect(query.readResult(content(xml))).toEqual(value)
    expect(query.writeResult(value).text).toBe(xml)
  })

  test.each([
    ['version: no name', version, "<query xmlns='jabber:iq:version'><version>1</version></query>", 'query/name'],
    ['version: no payload', version, '', 'query'],
    ['version: another payload', version, "<query xmlns='jabber:iq:last'/>", 'query'],
    [
      'time: a name for a zone',
      time,
      "<time xmlns='urn:xmpp:time'><tzo>CET</tzo><utc>2006-12-19T17:58:35Z</utc></time>",
      'time/tzo',
    ],
    [
      'time: a zone too far',
      time,
      "<time xmlns='urn:xmpp:time'><tzo>+15:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>",
      'time/tzo',
    ],
    ['time: no moment', time, "<time xmlns='urn:xmpp:time'><tzo>Z</tzo></time>", 'time/utc'],
    ['last: negative', last, "<query xmlns='jabber:iq:last' seconds='-1'/>", 'query/@seconds'],
    ['last: no seconds', last, "<query xmlns='jabber:iq:last'/>", 'query/@seconds'],
  ] as const)('refused: %s', (_, query: Query<unknown, unknown>, xml, path) => {
    expect(() => query.readResult(content(xml))).toThrow(expect.objectContaining({ name: 'DecodeError', path }))
  })

  test('Z is an offset of nothing (XEP-0082 §3.3)', () => {
    const xml = "<time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>2006-12-19T17:58:35Z</utc></time>"
    expect(time.readResult(content(xml)).offsetMinutes).toBe(0)
  })
})

describe('requests', () => {
  test.each<[Query<unknown, unknown>, string]>([
    [ping, "<ping xmlns='urn:xmpp:ping'/>"],
    [version, "<query xmlns='jabber:iq:version'/>"],
    [time, "<time xmlns='urn:xmpp:time'/>"],
    [last, "<query xmlns='jabber:iq:last'/>"],
  ])('%# is a get', (query, xml) => {
    expect(query.type).toBe('get')
    expect(write(query.request.write({}))).toBe(xml)
  })
})
