import { createHash } from 'node:crypto'
import { Jid } from '@tercet/jid'
import { readStanza } from '@tercet/xml'
import { describe, expect, test } from 'vitest'
import { golden, reads, refuses } from '../golden.fixture.ts'
import { caps, verificationText } from './caps.ts'
import { infoResult, itemsResult } from './disco.ts'

const NS = "xmlns='http://jabber.org/protocol/disco#info'"
const ITEMS = "xmlns='http://jabber.org/protocol/disco#items'"

describe('XEP-0030: service discovery', () => {
  golden(infoResult, [
    ['nothing', `<query ${NS}/>`, { identities: [], features: [], forms: [] }],
    [
      'information about a node',
      `<query ${NS} node='n'><identity category='server' type='im' xml:lang='en' name='Tercet'/><feature var='urn:xmpp:ping'/></query>`,
      {
        node: 'n',
        identities: [{ category: 'server', type: 'im', lang: 'en', name: 'Tercet' }],
        features: ['urn:xmpp:ping'],
        forms: [],
      },
    ],
  ])
  golden(itemsResult, [
    [
      'items',
      `<query ${ITEMS}><item jid='rooms.capulet.lit' name='Rooms'/><item jid='capulet.lit' node='n'/></query>`,
      {
        items: [
          { jid: Jid.parse('rooms.capulet.lit'), name: 'Rooms' },
          { jid: Jid.parse('capulet.lit'), node: 'n' },
        ],
      },
    ],
  ])
  refuses(infoResult, [
    [
      'an identity without category',
      `<query ${NS}><identity type='im'/></query>`,
      'query/identity[1]/@category',
      'missing',
    ],
    ['a feature without name', `<query ${NS}><feature/></query>`, 'query/feature[1]/@var', 'missing'],
  ])
  refuses(itemsResult, [
    ['an item without jid', `<query ${ITEMS}><item/></query>`, 'query/item[1]/@jid', 'missing'],
    ['an item with a malformed jid', `<query ${ITEMS}><item jid='/'/></query>`, 'query/item[1]/@jid', 'malformed'],
  ])
})

describe('XEP-0115: entity capabilities', () => {
  const C = "xmlns='http://jabber.org/protocol/caps'"
  golden(caps, [
    ['caps', `<c ${C} hash='sha-1' node='http://x' ver='Qg='/>`, { hash: 'sha-1', node: 'http://x', ver: 'Qg=' }],
  ])
  reads(caps, [
    ['the format of before 2007', `<c ${C} ext='a b' node='http://x' ver='0.9'/>`, { node: 'http://x', ver: '0.9' }],
  ])
  refuses(caps, [
    ['caps without ver', `<c ${C} hash='sha-1' node='x'/>`, 'c/@ver', 'missing'],
    ['caps without node', `<c ${C} hash='sha-1' ver='x'/>`, 'c/@node', 'missing'],
  ])

  const info = (xml: string) => infoResult.read(readStanza(`<query ${NS}>${xml}</query>`).toElement())
  const sha1 = (text: string) => createHash('sha1').update(text).digest('base64')
  const exodus = "<identity category='client' type='pc' name='Exodus 0.9.1'/>"
  const feature = (name: string) => `<feature var='${name}'/>`
  const form = (type: string, rest = '') =>
    `<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>${type}</value></field>${rest}</x>`
  const four = ['muc', 'disco#items', 'caps', 'disco#info']
    .map(name => feature(`http://jabber.org/protocol/${name}`))
    .join('')

  test('the simple example (§5.2)', () => {
    expect(sha1(verificationText(info(exodus + four))!)).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=')
  })

  test('the complex example: languages and a form (§5.3)', () => {
    const psi =
      "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>" +
      "<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>"
    const software = form(
      'urn:xmpp:dataforms:softwareinfo',
      "<field var='software_version'><value>0.11</value></field><field var='software'><value>Psi</value></field>" +
        "<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>" +
        "<field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>",
    )
    expect(sha1(verificationText(info(psi + four + software))!)).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=')
  })

  test('parts are sorted by their octets, not by UTF-16 units (§5.1)', () => {
    expect(verificationText(info(feature('😀') + feature('\uff5e') + feature('a')))).toBe('a<\uff5e<😀<')
  })

  test('a form without a hidden type is left out (§5.4)', () => {
    const open = "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>t</value></field></x>"
    const bare = "<x xmlns='jabber:x:data' type='result'/>"
    expect(verificationText(info(exodus + open + bare))).toBe('client/pc//Exodus 0.9.1<')
  })

  test.each([
    ['an identity twice', exodus + exodus],
    ['a feature twice', exodus + feature('a') + feature('a')],
    ['two forms of a type', exodus + form('t') + form('t')],
    ['a form of two types', exodus + form('t</value><value>u')],
    ['a feature that looks like two', exodus + feature('a&lt;b')],
    ['a name that looks like a feature', "<identity category='client' type='pc' name='x&lt;urn:y'/>"],
    ['a form type that looks like a field', exodus + form('t&lt;var')],
  ])('proves nothing: %s (§5.4)', (_, xml) => expect(verificationText(info(xml))).toBeUndefined())
})
