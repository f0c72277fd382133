import { Jid } from '@tercet/jid'
import { Element } from '@tercet/xml'
import { describe } from 'vitest'
import { golden, reads, refuses } from '../golden.fixture.ts'
import * as bind2 from './bind2.ts'
import * as clients from './clients.ts'
import * as config from './config-version.ts'
import * as fast from './fast.ts'
import * as sasl2 from './sasl2.ts'
import * as upgrade from './sasl-upgrade.ts'

const bytes = (...values: number[]) => new Uint8Array(values)

describe('XEP-0388: extensible SASL', () => {
  const NS = "xmlns='urn:xmpp:sasl:2'"
  golden(sasl2.authentication, [
    [
      'feature (§2.1)',
      `<authentication ${NS}><mechanism>PLAIN</mechanism><inline><sm xmlns='urn:xmpp:sm:3'/></inline><upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-X</upgrade></authentication>`,
      { mechanisms: ['PLAIN'], inline: [new Element('sm', 'urn:xmpp:sm:3')], upgrades: ['UPGR-X'] },
    ],
  ])
  reads(sasl2.authentication, [
    ['feature alone', `<authentication ${NS}/>`, { mechanisms: [], inline: [], upgrades: [] }],
  ])
  golden(sasl2.authenticate, [
    ['without anything', `<authenticate ${NS} mechanism='PLAIN'/>`, { mechanism: 'PLAIN' }],
    [
      'with everything (§2.3)',
      `<authenticate ${NS} mechanism='PLAIN'><initial-response>AAE=</initial-response><user-agent id='x'><software>S</software><device>D</device></user-agent></authenticate>`,
      { mechanism: 'PLAIN', initialResponse: bytes(0, 1), userAgent: { id: 'x', software: 'S', device: 'D' } },
    ],
  ])
  refuses(sasl2.authenticate, [
    ['no mechanism', `<authenticate ${NS}/>`, 'authenticate/@mechanism', 'missing'],
    [
      'a response that is no base64',
      `<authenticate ${NS} mechanism='X'><initial-response>!</initial-response></authenticate>`,
      'authenticate/initial-response',
      'malformed',
    ],
  ])
  golden(sasl2.challenge, [['challenge', `<challenge ${NS}>AA==</challenge>`, bytes(0)]])
  golden(sasl2.response, [['an empty response (§2.2)', `<response ${NS}/>`, bytes()]])
  golden(sasl2.abort, [['abort (§4.5)', `<abort ${NS}/>`, {}]])
  golden(sasl2.success, [
    [
      'success (§2.6.1)',
      `<success ${NS}><additional-data>AA==</additional-data><authorization-identifier>a@b/c</authorization-identifier></success>`,
      { additionalData: bytes(0), authorizationIdentifier: Jid.parse('a@b/c') },
    ],
  ])
  refuses(sasl2.success, [
    ['nobody in particular', `<success ${NS}/>`, 'success/authorization-identifier', 'missing'],
    [
      'no address',
      `<success ${NS}><authorization-identifier>@</authorization-identifier></success>`,
      'success/authorization-identifier',
      'malformed',
    ],
  ])
  const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
  golden(sasl2.failure, [
    [
      'failure (§2.6.2)',
      `<failure ${NS}><aborted ${SASL}/><text>T</text></failure>`,
      { condition: 'aborted', text: 'T' },
    ],
  ])
  reads(sasl2.failure, [
    ['an unknown condition', `<failure ${NS}><x ${SASL}/></failure>`, { condition: 'not-authorized' }],
  ])
  golden(sasl2.goOn, [
    [
      'continue (§2.6.3)',
      `<continue ${NS}><tasks><task>A</task><task>B</task></tasks></continue>`,
      { tasks: ['A', 'B'] },
    ],
  ])
  refuses(sasl2.goOn, [['nothing to go on with', `<continue ${NS}/>`, 'continue/tasks', 'missing']])
  golden(sasl2.next, [['next', `<next ${NS} task='A'/>`, { task: 'A' }]])
  golden(sasl2.taskData, [['task-data', `<task-data ${NS}><a xmlns='b'/></task-data>`, [new Element('a', 'b')]]])
})

describe('XEP-0480: upgrade tasks', () => {
  golden(upgrade.salt, [
    [
      'salt (§3)',
      "<salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'>AA==</salt>",
      { iterations: 4096, salt: bytes(0) },
    ],
  ])
  golden(upgrade.hash, [['hash (§3)', "<hash xmlns='urn:xmpp:scram-upgrade:0'>AA==</hash>", bytes(0)]])
  refuses(upgrade.salt, [
    ['no iterations', "<salt xmlns='urn:xmpp:scram-upgrade:0'>AA==</salt>", 'salt/@iterations', 'missing'],
  ])
})

describe('XEP-0386: Bind 2', () => {
  const NS = "xmlns='urn:xmpp:bind:0'"
  golden(bind2.feature, [
    [
      'feature (§3.1)',
      `<bind ${NS}><inline><feature var='urn:xmpp:sm:3'/></inline></bind>`,
      { inline: ['urn:xmpp:sm:3'] },
    ],
  ])
  golden(bind2.bind, [['request (§3.2)', `<bind ${NS}><tag>T</tag></bind>`, { tag: 'T' }]])
  golden(bind2.bound, [['bound (§3.2)', `<bound ${NS}><a xmlns='b'/></bound>`, [new Element('a', 'b')]]])
})

describe('XEP-0484: FAST', () => {
  const NS = "xmlns='urn:xmpp:fast:0'"
  golden(fast.feature, [
    ['feature (§3.1)', `<fast ${NS}><mechanism>M</mechanism></fast>`, { mechanisms: ['M'], zeroRtt: false }],
  ])
  golden(fast.requestToken, [['request (§3.2)', `<request-token ${NS} mechanism='M'/>`, { mechanism: 'M' }]])
  golden(fast.token, [
    [
      'token (§3.3)',
      `<token ${NS} expiry='2020-03-12T14:36:15Z' token='t'/>`,
      { expiry: new Date('2020-03-12T14:36:15Z'), token: 't' },
    ],
  ])
  golden(fast.fast, [
    ['use (§3.4)', `<fast ${NS}/>`, { invalidate: false }],
    ['last use (§3.6)', `<fast ${NS} count='1' invalidate='true'/>`, { count: 1, invalidate: true }],
  ])
  refuses(fast.token, [
    ['no token', `<token ${NS} expiry='2020-03-12T14:36:15Z'/>`, 'token/@token', 'missing'],
    ['no date', `<token ${NS} expiry='soon' token='t'/>`, 'token/@expiry', 'malformed'],
  ])
})

describe('XEP-0509: configuration versions', () => {
  const NS = "xmlns='urn:xmpp:iap:0'"
  golden(config.configVersion, [['feature', `<config-version ${NS} value='v'/>`, { scheme: 'opaque', value: 'v' }]])
  golden(config.mismatch, [['mismatch', `<config-version-mismatch ${NS}/>`, {}]])
  refuses(config.configVersion, [['no value', `<config-version ${NS}/>`, 'config-version/@value', 'missing']])
})

describe('XEP-0494: clients', () => {
  const NS = "xmlns='urn:xmpp:cam:0'"
  golden(clients.revoke.request, [['revoke (§3.2)', `<revoke ${NS} id='x'/>`, { id: 'x' }]])
  refuses(clients.revoke.request, [['nobody', `<revoke ${NS}/>`, 'revoke/@id', 'missing']])
  golden(clients.passwordResetRequired, [['password (§3.2)', `<password-reset-required ${NS}/>`, {}]])
})
