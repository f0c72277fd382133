// XEP-0054 1.3.0: vcard-temp.
import { element, raw } from '../codec.ts'
import { iqGet, iqSet } from '../query.ts'

/** Namespace of vcard-temp. */
export const NS = 'vcard-temp'

/** `<vCard/>`, as its owner wrote it. */
export const vCard = raw(NS, 'vCard')

/** Asks for somebody's card. */
export const get = iqGet(element(NS, 'vCard'), vCard)

/** Replaces the own card. */
export const set = iqSet(vCard)
