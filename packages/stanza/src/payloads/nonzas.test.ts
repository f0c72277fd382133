import { Jid, isFull } from '@tercet/jid'
import { Element, readStanza } from '@tercet/xml'
import { describe, expect, test } from 'vitest'
import { golden, reads, refuses } from '../golden.fixture.ts'
import { bind, feature as bindFeature } from './bind.ts'
import { features } from './features.ts'
import { limits } from './limits.ts'
import { channelBindings } from './sasl-channel-binding.ts'
import * as sasl from './sasl.ts'
import { feature as sessionFeature } from './session.ts'
import * as sm from './sm.ts'
import * as tls from './starttls.ts'

const bytes = (...values: number[]) => new Uint8Array(values)

describe('XEP-0198: stream management', () => {
  const NS = "xmlns='urn:xmpp:sm:3'"
  const STANZAS = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
  golden(sm.feature, [['feature (§3)', `<sm ${NS}/>`, { required: false, optional: false }]])
  golden(sm.enable, [
    ['enable (§3)', `<enable ${NS}/>`, { resume: false }],
    ['enable with resumption (§5)', `<enable ${NS} resume='true' max='300'/>`, { resume: true, max: 300 }],
  ])
  reads(sm.enable, [['a boolean may be a digit', `<enable ${NS} resume='1'/>`, { resume: true }]])
  golden(sm.enabled, [
    ['enabled (§3)', `<enabled ${NS}/>`, { resume: false }],
    [
      'enabled with resumption (§5)',
      `<enabled ${NS} id='x' resume='true' max='60' location='[2001:41D0:1:A49b::1]:9222'/>`,
      { id: 'x', resume: true, max: 60, location: '[2001:41D0:1:A49b::1]:9222' },
    ],
  ])
  golden(sm.resume, [['resume (§5)', `<resume ${NS} previd='x' h='7'/>`, { previd: 'x', h: 7 }]])
  golden(sm.resumed, [
    ['resumed (§5)', `<resumed ${NS} previd='x' h='4294967295'/>`, { previd: 'x', h: 4_294_967_295 }],
  ])
  golden(sm.failed, [
    ['failed (§5)', `<failed ${NS} h='3'><item-not-found ${STANZAS}/></failed>`, { h: 3, condition: 'item-not-found' }],
  ])
  reads(sm.failed, [
    ['failed without reason', `<failed ${NS}/>`, { condition: 'undefined-condition' }],
    [
      'an unknown condition (RFC 6120 §8.3.2)',
      `<failed ${NS}><tired ${STANZAS}/></failed>`,
      { condition: 'undefined-condition' },
    ],
  ])
  golden(sm.r, [['r (§4)', `<r ${NS}/>`, {}]])
  golden(sm.a, [['a (§4)', `<a ${NS} h='0'/>`, { h: 0 }]])
  golden(sm.handledCountTooHigh, [
    ['handled-count-too-high (§4)', `<handled-count-too-high ${NS} h='10' send-count='8'/>`, { h: 10, sendCount: 8 }],
  ])
  refuses(sm.a, [
    ['no h', `<a ${NS}/>`, 'a/@h', 'missing'],
    ['a negative h', `<a ${NS} h='-1'/>`, 'a/@h', 'malformed'],
    ['an h beyond 32 bits', `<a ${NS} h='4294967296'/>`, 'a/@h', 'malformed'],
    ['an older version', "<a xmlns='urn:xmpp:sm:2' h='1'/>", 'a', 'unexpected'],
  ])
  refuses(sm.resume, [
    ['no previd', `<resume ${NS} h='1'/>`, 'resume/@previd', 'missing'],
    ['no h', `<resume ${NS} previd='x'/>`, 'resume/@h', 'missing'],
  ])
  refuses(sm.enable, [['a word for a number', `<enable ${NS} max='long'/>`, 'enable/@max', 'malformed']])
})

describe('RFC 6120 §5: STARTTLS', () => {
  const NS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
  golden(tls.starttls, [
    ['request', `<starttls ${NS}/>`, { required: false }],
    ['required', `<starttls ${NS}><required/></starttls>`, { required: true }],
  ])
  golden(tls.proceed, [['proceed', `<proceed ${NS}/>`, {}]])
  golden(tls.failure, [['failure', `<failure ${NS}/>`, {}]])
  refuses(tls.proceed, [
    ['the failure of SASL', "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", 'failure', 'unexpected'],
  ])
})

describe('RFC 6120 §6: SASL', () => {
  const NS = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
  golden(sasl.mechanisms, [
    [
      'mechanisms',
      `<mechanisms ${NS}><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>`,
      ['SCRAM-SHA-1', 'PLAIN'],
    ],
    ['no mechanism', `<mechanisms ${NS}/>`, []],
  ])
  golden(sasl.auth, [
    ['no initial response (§6.4.2)', `<auth ${NS} mechanism='PLAIN'/>`, { mechanism: 'PLAIN' }],
    ['an empty one', `<auth ${NS} mechanism='EXTERNAL'>=</auth>`, { mechanism: 'EXTERNAL', data: bytes() }],
    ['data', `<auth ${NS} mechanism='PLAIN'>AGEAYg==</auth>`, { mechanism: 'PLAIN', data: bytes(0, 97, 0, 98) }],
  ])
  golden(sasl.challenge, [
    ['challenge', `<challenge ${NS}>aGk=</challenge>`, bytes(104, 105)],
    ['empty challenge', `<challenge ${NS}/>`, bytes()],
  ])
  golden(sasl.response, [['response', `<response ${NS}>aGk=</response>`, bytes(104, 105)]])
  reads(sasl.response, [['an empty response spelled =', `<response ${NS}>=</response>`, bytes()]])
  golden(sasl.success, [
    ['success (§6.4.6)', `<success ${NS}/>`, undefined],
    ['success with empty data', `<success ${NS}>=</success>`, bytes()],
    ['success with data', `<success ${NS}>aGk=</success>`, bytes(104, 105)],
  ])
  golden(sasl.failure, [
    ['failure', `<failure ${NS}><not-authorized/></failure>`, { condition: 'not-authorized' }],
    [
      'failure with a text',
      `<failure ${NS}><aborted/><text>Bye</text></failure>`,
      { condition: 'aborted', text: 'Bye' },
    ],
  ])
  reads(sasl.failure, [
    [
      'an unknown condition (§6.5)',
      `<failure ${NS}><text>x</text><bad-luck/></failure>`,
      { condition: 'not-authorized', text: 'x' },
    ],
    ['no condition', `<failure ${NS}/>`, { condition: 'not-authorized' }],
  ])
  golden(sasl.abort, [['abort', `<abort ${NS}/>`, {}]])
  refuses(sasl.auth, [
    ['no mechanism', `<auth ${NS}>=</auth>`, 'auth/@mechanism', 'missing'],
    ['white space in base64 (§6.3.5)', `<auth ${NS} mechanism='PLAIN'>AGE AYg==</auth>`, 'auth/text()', 'malformed'],
    ['base64 without padding', `<auth ${NS} mechanism='PLAIN'>AGEAYg</auth>`, 'auth/text()', 'malformed'],
    ['base64 with stray bits', `<auth ${NS} mechanism='PLAIN'>AGEAYh==</auth>`, 'auth/text()', 'malformed'],
  ])
  refuses(sasl.response, [['not base64', `<response ${NS}>a-_b</response>`, 'response/text()', 'malformed']])
  golden(channelBindings, [
    [
      'XEP-0440: channel bindings',
      "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>",
      ['tls-exporter'],
    ],
  ])
  refuses(channelBindings, [
    [
      'XEP-0440: a binding without type',
      "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding/></sasl-channel-binding>",
      'sasl-channel-binding/channel-binding[1]/@type',
      'missing',
    ],
  ])
})

describe('RFC 6120 §7: resource binding, and what else is a stream feature', () => {
  const NS = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
  const full = Jid.parse('juliet@capulet.lit/balcony')
  if (!isFull(full)) throw new Error('A full JID')
  golden(bind.request, [
    ['any resource (§7.6)', `<bind ${NS}/>`, {}],
    ['a resource (§7.7)', `<bind ${NS}><resource>balcony</resource></bind>`, { resource: 'balcony' }],
  ])
  golden(bindFeature, [['feature', `<bind ${NS}/>`, {}]])

  test('the answer is a full JID', () => {
    expect(bind.readResult(bind.writeResult({ jid: full }))).toEqual({ jid: full })
    for (const text of ['juliet@capulet.lit', '', '@']) {
      const { content } = readStanza(`<iq><bind ${NS}><jid>${text}</jid></bind></iq>`)
      expect(() => bind.readResult(content)).toThrow(expect.objectContaining({ path: 'bind/jid', reason: 'malformed' }))
    }
  })

  golden(sessionFeature, [
    ['session', "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>", { optional: true }],
  ])
  golden(limits, [
    [
      'limits (XEP-0478 §3.1)',
      "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes><idle-seconds>1800</idle-seconds></limits>",
      { maxBytes: 10_000, idleSeconds: 1800 },
    ],
    ['no limits', "<limits xmlns='urn:xmpp:stream-limits:0'/>", {}],
  ])
  refuses(limits, [
    [
      'a negative limit',
      "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>-1</max-bytes></limits>",
      'limits/max-bytes',
      'malformed',
    ],
  ])

  test('features are elements, each for the codec of its own specification (§4.3.2)', () => {
    const list = [bindFeature.write({}), sm.feature.write({ required: false, optional: false })]
    expect(features.read(features.write(list))).toEqual(list)
    expect(features.read(features.write([]))).toEqual([])
    expect(() => features.read(new Element('features', 'jabber:client'))).toThrow(
      expect.objectContaining({ reason: 'unexpected' }),
    )
  })
})
