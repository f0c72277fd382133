// XEP-0115 1.6.0: entity capabilities, what a presence says about the features of its sender.
import { element } from '../codec.ts'
import { attr } from '../fields.ts'
import { octets } from '../octet-order.ts'
import { type DataForm, valuesOf } from './data-form.ts'
import type { DiscoInfo, Identity } from './disco.ts'

/** Namespace of entity capabilities. */
export const NS = 'http://jabber.org/protocol/caps'

/** `<c/>` in a presence: `ver` is a hash of the features; without `hash` it is the form of before 2007 and proves nothing (§5.4). */
export const caps = element(NS, 'c', { hash: attr('hash').optional, node: attr('node'), ver: attr('ver') })

/** Stream feature of a server that names its own capabilities: the same `<c/>` (§6.3). */
export const feature = caps

/**
 * The text whose hash, in base64, is `ver` (§5.1); to be hashed as UTF-8 with the function that `hash` names.
 *
 * `undefined` when two different answers could share this text, so that the hash proves nothing: a repeated identity, feature
 * or form (§5.4), or a `<` inside of a part.
 */
export function verificationText(info: DiscoInfo): string | undefined {
  const parts: string[] = []
  const identities = info.identities.map(identityText)
  const features = [...info.features]
  if (hasTwins(identities) || hasTwins(features)) return undefined
  parts.push(...info.identities.toSorted(byIdentity).map(identityText), ...features.sort(octets))

  const forms = new Map<string, DataForm>()
  for (const form of info.forms) {
    const types = new Set(valuesOf(form, 'FORM_TYPE'))
    if (types.size > 1) return undefined
    const [type] = types
    // A form whose type is missing or not hidden is left out (§5.4).
    if (type === undefined || form.fields.find(field => field.var === 'FORM_TYPE')?.type !== 'hidden') continue
    if (forms.has(type)) return undefined
    forms.set(type, form)
  }
  for (const type of [...forms.keys()].sort(octets)) parts.push(type, ...formParts(forms.get(type)!))

  if (parts.some(part => part.includes('<'))) return undefined
  return parts.map(part => part + '<').join('')
}

function identityText({ category, type, lang = '', name = '' }: Identity): string {
  return `${category}/${type}/${lang}/${name}`
}

function byIdentity(a: Identity, b: Identity): number {
  return octets(a.category, b.category) || octets(a.type, b.type) || octets(a.lang ?? '', b.lang ?? '')
}

function formParts(form: DataForm): string[] {
  const fields = form.fields.filter(field => field.var !== 'FORM_TYPE')
  return fields
    .sort((a, b) => octets(a.var ?? '', b.var ?? ''))
    .flatMap(field => [field.var ?? '', ...field.values.toSorted(octets)])
}

function hasTwins(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length
}
