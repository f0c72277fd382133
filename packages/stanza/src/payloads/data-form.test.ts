import { describe, expect, test } from 'vitest'
import { golden, reads, refuses } from '../golden.fixture.ts'
import { dataForm, makeForm, valueOf, valuesOf } from './data-form.ts'
import { oob } from './oob.ts'
import { feature, registration } from './register.ts'

const NS = "xmlns='jabber:x:data'"
const field = { required: false, values: [], options: [] }

describe('XEP-0004: data forms', () => {
  golden(dataForm, [
    ['nothing', `<x ${NS} type='cancel'/>`, { type: 'cancel', instructions: [], fields: [], items: [] }],
    [
      'a form to fill in',
      `<x ${NS} type='form'><title>Bot</title><instructions>Fill in</instructions>` +
        "<field var='os' type='list-single' label='System'><desc>Of the host</desc><required/><value>b</value>" +
        "<option label='BSD'><value>b</value></option></field></x>",
      {
        type: 'form',
        title: 'Bot',
        instructions: ['Fill in'],
        fields: [
          {
            var: 'os',
            type: 'list-single',
            label: 'System',
            desc: 'Of the host',
            required: true,
            values: ['b'],
            options: [{ label: 'BSD', value: 'b' }],
          },
        ],
        items: [],
      },
    ],
    [
      'a table',
      `<x ${NS} type='result'><reported><field var='n'/></reported><item><field var='n'><value>1</value></field></item></x>`,
      {
        type: 'result',
        instructions: [],
        fields: [],
        reported: { fields: [{ ...field, var: 'n' }] },
        items: [{ fields: [{ ...field, var: 'n', values: ['1'] }] }],
      },
    ],
  ])
  reads(dataForm, [
    [
      'an unknown type of field is text-single (§3.3)',
      `<x ${NS} type='form'><field var='n' type='colour'/></x>`,
      { type: 'form', instructions: [], fields: [{ ...field, var: 'n' }], items: [] },
    ],
  ])
  refuses(dataForm, [
    ['a form without type', `<x ${NS}/>`, 'x/@type', 'missing'],
    ['a form of an unknown type', `<x ${NS} type='draft'/>`, 'x/@type', 'malformed'],
    [
      'an option without value',
      `<x ${NS} type='form'><field><option/></field></x>`,
      'x/field[1]/option[1]/value',
      'missing',
    ],
  ])

  test('a form is made and read by variable; its type is hidden (XEP-0068 §3)', () => {
    const form = makeForm('submit', 'urn:x', { one: '1', many: ['a', 'b'], none: [] })
    expect(form.fields[0]).toMatchObject({ var: 'FORM_TYPE', type: 'hidden', values: ['urn:x'] })
    expect(valueOf(form, 'one')).toBe('1')
    expect(valuesOf(form, 'many')).toEqual(['a', 'b'])
    expect(valueOf(form, 'none')).toBeUndefined()
    expect(valuesOf(form, 'constructor')).toEqual([])
    expect(dataForm.read(dataForm.write(form))).toEqual(form)
    expect(makeForm('cancel', undefined, {}).fields).toEqual([])
  })
})

describe('XEP-0077: in-band registration', () => {
  const R = "xmlns='jabber:iq:register'"
  golden(registration, [
    [
      'what is needed',
      `<query ${R}><instructions>Choose</instructions><username/><password/></query>`,
      { registered: false, remove: false, instructions: 'Choose', username: '', password: '' },
    ],
    [
      'what is registered',
      `<query ${R}><registered/><username>j</username></query>`,
      { registered: true, remove: false, username: 'j' },
    ],
    ['a removal', `<query ${R}><remove/></query>`, { registered: false, remove: true }],
    [
      'a link instead of a form',
      `<query ${R}><x xmlns='jabber:x:oob'><url>https://x.lit</url></x></query>`,
      { registered: false, remove: false, oob: { url: 'https://x.lit' } },
    ],
  ])
  golden(feature, [['feature', "<register xmlns='http://jabber.org/features/iq-register'/>", {}]])
  golden(oob, [
    ['a link (XEP-0066)', "<x xmlns='jabber:x:oob'><url>u</url><desc>d</desc></x>", { url: 'u', desc: 'd' }],
  ])
  refuses(registration, [['a malformed form inside', `<query ${R}><x ${NS}/></query>`, 'query/x/@type', 'missing']])
  refuses(oob, [['a link to nowhere', "<x xmlns='jabber:x:oob'/>", 'x/url', 'missing']])
})
