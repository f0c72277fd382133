/** What vcard-temp and vCard4 have in common (XEP-0292 0.12.0 §5), as elements of one and of the other. */

import { NS as OLD } from '@tercet/stanza/vcard'
import { NS as NEW } from '@tercet/stanza/vcard4'
import { Element } from '@tercet/xml'

/** How one property is written in both forms. Each direction gives undefined for what is empty. */
interface Property {
  /** Name in vcard-temp. */
  readonly old: string
  /** Name in vCard4. */
  readonly now: string
  toNew(element: Element): Element | undefined
  toOld(element: Element): Element | undefined
}

/** One text: `<FN>x</FN>` and `<fn><text>x</text></fn>`. */
function plain(old: string, now: string, value: 'date' | 'text' | 'uri' = 'text'): Property {
  return {
    old,
    now,
    toNew: element => valued(now, value, textIn(element)),
    toOld: element => filled(old, [texted(OLD, '', inner(element))]),
  }
}

/** Several parts in a fixed order: names and addresses. */
function parts(old: string, now: string, names: readonly (readonly [old: string, now: string])[]): Property {
  return {
    old,
    now,
    toNew: element =>
      filled(now, [
        typesToNew(element),
        ...names.map(([from, to]) => texted(NEW, to, element.child(from, OLD)?.text())),
      ]),
    toOld: element =>
      filled(old, [
        ...typesToOld(element),
        ...names.map(([to, from]) => texted(OLD, to, element.child(from, NEW)?.text())),
      ]),
  }
}

/** A way to reach somebody, with where that is. */
function reached(old: string, now: string, part: string, scheme = ''): Property {
  const value = scheme === '' ? 'text' : 'uri'
  return {
    old,
    now,
    toNew(element) {
      const text = textIn(part === '' ? element : element.child(part, OLD))
      return filled(now, [text === '' ? undefined : typesToNew(element), texted(NEW, value, text && scheme + text)])
    },
    toOld(element) {
      const text = inner(element)
      const bare = text.startsWith(scheme) ? text.slice(scheme.length) : text
      if (part === '') return filled(old, [texted(OLD, '', bare)])
      return bare === '' ? undefined : filled(old, [...typesToOld(element), texted(OLD, part, bare)])
    },
  }
}

const organisation: Property = {
  old: 'ORG',
  now: 'org',
  toNew: element => {
    const names = element.elements().filter(({ name }) => name === 'ORGNAME' || name === 'ORGUNIT')
    return filled(
      'org',
      names.map(one => texted(NEW, 'text', one.text())),
    )
  },
  toOld: element => {
    const texts = element.elements().filter(({ name }) => name === 'text')
    return filled(
      'ORG',
      texts.map((one, index) => texted(OLD, index === 0 ? 'ORGNAME' : 'ORGUNIT', one.text())),
    )
  },
}

const properties: readonly Property[] = [
  plain('FN', 'fn'),
  parts('N', 'n', [
    ['FAMILY', 'surname'],
    ['GIVEN', 'given'],
    ['MIDDLE', 'additional'],
    ['PREFIX', 'prefix'],
    ['SUFFIX', 'suffix'],
  ]),
  plain('NICKNAME', 'nickname'),
  plain('BDAY', 'bday', 'date'),
  plain('URL', 'url', 'uri'),
  plain('TITLE', 'title'),
  plain('ROLE', 'role'),
  plain('DESC', 'note'),
  organisation,
  parts('ADR', 'adr', [
    ['POBOX', 'pobox'],
    ['EXTADD', 'ext'],
    ['STREET', 'street'],
    ['LOCALITY', 'locality'],
    ['REGION', 'region'],
    ['PCODE', 'code'],
    ['CTRY', 'country'],
  ]),
  reached('TEL', 'tel', 'NUMBER', 'tel:'),
  reached('EMAIL', 'email', 'USERID'),
  reached('JABBERID', 'impp', '', 'xmpp:'),
]

const byOld: ReadonlyMap<string, Property> = new Map(properties.map(one => [one.old, one]))
const byNew: ReadonlyMap<string, Property> = new Map(properties.map(one => [one.now, one]))

/** The vCard4 that says what `card` says; what only `before` can say stays. */
export function toVCard4(card: Element, before: Element | undefined): Element {
  const kept = (before?.elements() ?? []).filter(({ name }) => !byNew.has(name))
  const made = card.elements().map(one => byOld.get(one.name)?.toNew(one))
  return new Element('vcard', NEW, before?.attrs, [...made.filter(one => one !== undefined), ...kept])
}

/** The vcard-temp that says what `card` says; what only `before` can say, like a photo, stays. */
export function toVCardTemp(card: Element, before: Element | undefined): Element {
  const kept = (before?.elements() ?? []).filter(({ name }) => !byOld.has(name))
  const made = card.elements().map(one => byNew.get(one.name)?.toOld(one))
  return new Element('vCard', OLD, before?.attrs, [...made.filter(one => one !== undefined), ...kept])
}

// Parts

/** `<text>x</text>`, or the text itself where there is no name. */
function texted(ns: string, name: string, text: string | undefined): Element | string | undefined {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '') return undefined
  return name === '' ? trimmed : new Element(name, ns, [], [trimmed])
}

/** An element around what is there; its name says of which form it is. */
function filled(name: string, children: readonly (Element | string | undefined)[]): Element | undefined {
  const there = children.filter(child => child !== undefined)
  const only = there.every(child => typeof child !== 'string' && child.name === 'parameters')
  return only ? undefined : new Element(name, name === name.toUpperCase() ? OLD : NEW, [], there)
}

function valued(name: string, value: string, text: string): Element | undefined {
  return filled(name, [texted(NEW, value, text)])
}

function textIn(element: Element | undefined): string {
  return element?.text().trim() ?? ''
}

/** The value of a property: its first child that is no parameter. */
function inner(element: Element): string {
  return textIn(element.elements().find(({ name }) => name !== 'parameters'))
}

const places: ReadonlyMap<string, string> = new Map([
  ['HOME', 'home'],
  ['WORK', 'work'],
  ['CELL', 'cell'],
  ['FAX', 'fax'],
  ['PAGER', 'pager'],
  ['VIDEO', 'video'],
  ['VOICE', 'voice'],
])

function typesToNew(element: Element): Element | undefined {
  const types = element.elements().flatMap(({ name }) => places.get(name) ?? [])
  if (types.length === 0) return undefined
  const texts = types.map(type => new Element('text', NEW, [], [type]))
  return new Element('parameters', NEW, [], [new Element('type', NEW, [], texts)])
}

function typesToOld(element: Element): Element[] {
  const types = element.child('parameters', NEW)?.child('type', NEW)?.elements() ?? []
  const words = types.map(type => type.text().trim().toUpperCase()).filter(word => places.has(word))
  return words.map(word => new Element(word, OLD))
}
