// Stanza errors: the refusal of one stanza, as an exception and as `<error/>` (RFC 6120 §8.3).
import { Jid } from '@tercet/jid'
import { CONTENT, Element } from '@tercet/xml'
import type { Codec } from './codec.ts'
import { type ErrorType, type StanzaCondition, isErrorType, stanzaCondition, stanzaConditions } from './conditions.ts'
import { NS_STANZA_ERRORS } from './ns.ts'

/** What a stanza error may say beside its condition. */
export interface StanzaErrorOptions extends ErrorOptions {
  /** Default: the one that RFC 6120 §8.3.3 recommends for the condition. */
  readonly type?: ErrorType | undefined
  /** For a person: what to do about it. */
  readonly text?: string | undefined
  /** Language of `text`, default `en`; given as `undefined` it is not said. */
  readonly lang?: string | undefined
  /** The application-specific condition (RFC 6120 §8.3.4). */
  readonly application?: Element | undefined
  /** Who found the error (RFC 6120 §8.3.1). */
  readonly by?: Jid | undefined
  /** The new address, with `gone` and `redirect` (RFC 6120 §8.3.3.5, §8.3.3.14). */
  readonly address?: string | undefined
}

/** Refuses one stanza: thrown by whoever handles it, answered to its sender as `<error/>`. */
export class StanzaError extends Error {
  override readonly name = 'StanzaError'
  readonly condition: StanzaCondition
  readonly type: ErrorType
  readonly text: string | undefined
  readonly lang: string | undefined
  readonly application: Element | undefined
  readonly by: Jid | undefined
  readonly address: string | undefined

  constructor(condition: StanzaCondition, options: StanzaErrorOptions = {}) {
    super(options.text ?? condition, 'cause' in options ? { cause: options.cause } : undefined)
    this.condition = condition
    this.type = options.type ?? stanzaConditions[condition]
    this.text = options.text
    this.lang = languageOf(options)
    this.application = options.application
    this.by = options.by
    this.address = options.address
  }
}

/**
 * `<error/>` of a stanza. Reading never refuses: an error without a condition or with an unknown one is an
 * `undefined-condition`, an unknown type is the condition's own.
 */
export const stanzaError: Codec<StanzaError> = {
  ns: CONTENT,
  name: 'error',
  read(element) {
    const parts = readErrorParts(element, NS_STANZA_ERRORS)
    const type = element.attr('type') ?? ''
    return new StanzaError(stanzaCondition(parts.condition?.name ?? ''), {
      type: isErrorType(type) ? type : undefined,
      text: parts.text?.text(),
      lang: parts.text?.attr('xml:lang'),
      application: parts.application,
      by: readAddress(element.attr('by')),
      address: parts.condition?.text().trim() || undefined,
    })
  },
  write(error) {
    const attrs = ['type', error.type]
    if (error.by) attrs.push('by', error.by.text)
    const children = [new Element(error.condition, NS_STANZA_ERRORS, [], error.address ? [error.address] : [])]
    if (error.text) children.push(textOf(error.text, error.lang, NS_STANZA_ERRORS))
    if (error.application) children.push(error.application)
    return new Element('error', CONTENT, attrs, children)
  },
}

/** The three parts that stanza and stream errors share: condition, text and the application's own condition. */
export function readErrorParts(
  element: Element,
  ns: string,
): { condition: Element | undefined; text: Element | undefined; application: Element | undefined } {
  let condition: Element | undefined
  let text: Element | undefined
  let application: Element | undefined
  for (const one of element.elements()) {
    if (one.ns !== ns) application ??= one
    else if (one.name === 'text') text ??= one
    else condition ??= one
  }
  return { condition, text, application }
}

/** Language of an error's text: our own texts are English. */
export function languageOf(options: { readonly text?: string | undefined; readonly lang?: string | undefined }) {
  if (options.text === undefined) return undefined
  return 'lang' in options ? options.lang : 'en'
}

/** `<text/>` of an error, for a person. */
export function textOf(text: string, lang: string | undefined, ns: string): Element {
  return new Element('text', ns, lang === undefined ? [] : ['xml:lang', lang], [text])
}

/** The address, or nothing where it is malformed: it is for diagnosis only. */
function readAddress(text: string | undefined): Jid | undefined {
  if (text === undefined) return undefined
  try {
    return Jid.parse(text)
  } catch {
    return undefined
  }
}
