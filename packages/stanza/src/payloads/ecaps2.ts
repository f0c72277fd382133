// XEP-0390 0.3.2: entity capabilities 2.0, with hashes that nobody can make two answers share.
import { element } from '../codec.ts'
import { child } from '../fields.ts'
import { octets } from '../octet-order.ts'
import type { DataForm } from './data-form.ts'
import type { DiscoInfo } from './disco.ts'
import { hash } from './hashes.ts'

/** Namespace of entity capabilities 2.0. */
export const NS = 'urn:xmpp:caps'

/** `<c/>` in a presence: hashes of the sender's answer, each by another function (§4.1). */
export const caps = element(NS, 'c', { hashes: child(hash).many })

/** Stream feature of a server that names its own capabilities: the same `<c/>` (§4.3). */
export const feature = caps

/** The node that is asked for the answer with this hash (§4.2). */
export function nodeOf(algo: string, value: string): string {
  return `${NS}#${algo}.${value}`
}

/**
 * The text whose hash stands in `<hash/>` (§5.1); to be hashed as UTF-8. `undefined` where the algorithm ends with an error: a form that is
 * a table, or that has no form type (XEP-0068).
 */
export function verificationText(info: DiscoInfo): string | undefined {
  const features = info.features.map(name => name + '\x1f').sort(octets)
  const identities = info.identities
    .map(({ category, type, lang = '', name = '' }) => `${category}\x1f${type}\x1f${lang}\x1f${name}\x1f\x1e`)
    .sort(octets)
  const forms: string[] = []
  for (const form of info.forms) {
    if (form.reported !== undefined || form.items.length > 0 || !hasFormType(form)) return undefined
    const fields = form.fields.map(({ var: name = '', values }) => {
      const texts = values.map(value => value + '\x1f').sort(octets)
      return `${name}\x1f${texts.join('')}\x1e`
    })
    forms.push(fields.sort(octets).join('') + '\x1d')
  }
  return `${features.join('')}\x1c${identities.join('')}\x1c${forms.sort(octets).join('')}\x1c`
}

function hasFormType({ fields }: DataForm): boolean {
  return fields.some(field => field.var === 'FORM_TYPE' && field.type === 'hidden' && field.values.length === 1)
}
