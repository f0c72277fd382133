// XEP-0004 2.13.2: data forms.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child, flag, text } from '../fields.ts'
import { oneOf } from '../scalars.ts'

/** Namespace of data forms. */
export const NS = 'jabber:x:data'

const fieldFields = {
  var: attr('var').optional,
  // A type that does not exist is text-single (XEP-0004 §3.3), and so is none.
  type: attr(
    'type',
    oneOf(
      'boolean',
      'fixed',
      'hidden',
      'jid-multi',
      'jid-single',
      'list-multi',
      'list-single',
      'text-multi',
      'text-private',
      'text-single',
    ),
  ).lenient,
  label: attr('label').optional,
  desc: text('desc').optional,
  required: flag('required'),
  values: text('value').many,
  options: child(element(NS, 'option', { label: attr('label').optional, value: text('value') })).many,
}

/** A field (XEP-0004 §3.2). No `type` means `text-single`. */
export type FormField = Read<typeof fieldFields>

/** `<field/>` of a form. */
export const field: Codec<FormField> = element(NS, 'field', fieldFields)

const row = { fields: child(field).many }

const formFields = {
  type: attr('type', oneOf('cancel', 'form', 'result', 'submit')),
  title: text('title').optional,
  instructions: text('instructions').many,
  fields: child(field).many,
  reported: child(element(NS, 'reported', row)).optional,
  items: child(element(NS, 'item', row)).many,
}

/** A form to fill in, filled in, or the result of one; `reported` and `items` are a table (XEP-0004 §3.4). */
export type DataForm = Read<typeof formFields>

/** `<x/>`, a form. */
export const dataForm: Codec<DataForm> = element(NS, 'x', formFields)

/** A form of that type with nothing in it but `values` by variable; `formType` comes first, hidden (XEP-0068 §3). */
export function makeForm(
  type: DataForm['type'],
  formType: string | undefined,
  values: Readonly<Record<string, string | readonly string[]>>,
): DataForm {
  const fields: FormField[] = []
  if (formType !== undefined) fields.push({ ...plain, var: 'FORM_TYPE', type: 'hidden', values: [formType] })
  for (const [name, value] of Object.entries(values)) {
    fields.push({ ...plain, var: name, values: typeof value === 'string' ? [value] : value })
  }
  return { type, instructions: [], fields, items: [] }
}

/** The values of a variable, none where the form lacks it. */
export function valuesOf(form: DataForm, name: string): readonly string[] {
  return form.fields.find(one => one.var === name)?.values ?? []
}

/** The first value of a variable. */
export function valueOf(form: DataForm, name: string): string | undefined {
  return valuesOf(form, name)[0]
}

const plain = { required: false, values: [], options: [] } as const
