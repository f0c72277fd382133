import { Jid } from '@tercet/jid'
import { Element, readStanza, write } from '@tercet/xml'
import { describe, expect, test } from 'vitest'
import { StanzaError, stanzaError } from './stanza-error.ts'
import { StreamError, streamError } from './stream-error.ts'

const at = (xml: string) => readStanza(xml).toElement()
const STANZAS = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
const STREAMS = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"

describe('StanzaError', () => {
  test('takes the type that the RFC recommends, unless one is given (RFC 6120 §8.3.3)', () => {
    expect(new StanzaError('item-not-found')).toMatchObject({
      name: 'StanzaError',
      type: 'cancel',
      message: 'item-not-found',
    })
    expect(new StanzaError('jid-malformed').type).toBe('modify')
    expect(new StanzaError('policy-violation', { type: 'wait' }).type).toBe('wait')
  })

  test.each<[string, StanzaError, string]>([
    ['condition alone', new StanzaError('forbidden'), `<error type='auth'><forbidden ${STANZAS}/></error>`],
    [
      'everything',
      new StanzaError('gone', {
        type: 'modify',
        text: 'Moved <away>',
        lang: 'de',
        by: Jid.parse('capulet.lit'),
        address: 'xmpp:romeo@afterlife.lit',
        application: new Element('moved', 'urn:x'),
      }),
      `<error type='modify' by='capulet.lit'><gone ${STANZAS}>xmpp:romeo@afterlife.lit</gone>` +
        `<text ${STANZAS} xml:lang='de'>Moved &lt;away&gt;</text><moved xmlns='urn:x'/></error>`,
    ],
  ])('%s: written and read (RFC 6120 §8.3.2)', (_, error, xml) => {
    expect(write(stanzaError.write(error))).toBe(xml)
    const read = stanzaError.read(at(xml))
    const parts = ({ condition, type, text, lang, by, address, application }: StanzaError) => ({
      condition,
      type,
      text,
      lang,
      by: by?.text,
      address,
      application,
    })
    expect(parts(read)).toEqual(parts(error))
  })

  test.each([
    ['no condition', "<error type='wait'/>", { condition: 'undefined-condition', type: 'wait' }],
    [
      'unknown condition',
      `<error type='wait'><broke ${STANZAS}/></error>`,
      { condition: 'undefined-condition', type: 'wait' },
    ],
    ['no type', `<error><not-authorized ${STANZAS}/></error>`, { condition: 'not-authorized', type: 'auth' }],
    ['unknown type', `<error type='oops'><conflict ${STANZAS}/></error>`, { condition: 'conflict', type: 'cancel' }],
    [
      'condition of another namespace',
      "<error><conflict xmlns='urn:x'/></error>",
      { condition: 'undefined-condition' },
    ],
    [
      'text before the condition',
      `<error><text ${STANZAS}>x</text><gone ${STANZAS}/></error>`,
      { condition: 'gone', text: 'x' },
    ],
    [
      'text without language',
      `<error><gone ${STANZAS}/><text ${STANZAS}>x</text></error>`,
      { text: 'x', lang: undefined },
    ],
    ['malformed by', `<error by='@'><gone ${STANZAS}/></error>`, { condition: 'gone', by: undefined }],
    ['two conditions', `<error><gone ${STANZAS}/><conflict ${STANZAS}/></error>`, { condition: 'gone' }],
  ])('reading never refuses: %s', (_, xml, parts) => {
    expect(stanzaError.read(at(xml))).toMatchObject(parts)
  })
})

describe('StreamError', () => {
  test.each<[string, StreamError, string]>([
    ['condition alone', new StreamError('reset'), `<reset ${STREAMS}/>`],
    [
      'see-other-host with a text',
      new StreamError('see-other-host', { address: '[2001:db8::1]:5222', text: 'Over there' }),
      `<see-other-host ${STREAMS}>[2001:db8::1]:5222</see-other-host><text ${STREAMS} xml:lang='en'>Over there</text>`,
    ],
    [
      'application condition',
      new StreamError('undefined-condition', { application: new Element('late', 'urn:x') }),
      `<undefined-condition ${STREAMS}/><late xmlns='urn:x'/>`,
    ],
  ])('%s: written and read (RFC 6120 §4.9.2)', (_, error, inner) => {
    const xml = `<error xmlns='http://etherx.jabber.org/streams'>${inner}</error>`
    expect(write(streamError.write(error))).toBe(xml)
    const { condition, text, address, application } = streamError.read(at(xml))
    expect({ condition, text, address, application }).toEqual({
      condition: error.condition,
      text: error.text,
      address: error.address,
      application: error.application,
    })
  })

  test.each([
    ['no condition', '', 'undefined-condition'],
    ['unknown condition', `<tired ${STREAMS}/>`, 'undefined-condition'],
    ['the namespace of stanza errors', `<conflict ${STANZAS}/>`, 'undefined-condition'],
  ])('reading never refuses: %s', (_, inner, condition) => {
    const xml = `<error xmlns='http://etherx.jabber.org/streams'>${inner}</error>`
    expect(streamError.read(at(xml)).condition).toBe(condition)
  })
})
