// Stream errors: the end of a stream, as an exception and as `<stream:error/>` (RFC 6120 §4.9).
import { Element } from '@tercet/xml'
import type { Codec } from './codec.ts'
import { type StreamCondition, streamCondition } from './conditions.ts'
import { NS_STREAM_ERRORS, NS_STREAMS } from './ns.ts'
import { languageOf, readErrorParts, textOf } from './stanza-error.ts'

/** What a stream error may say beside its condition. */
export interface StreamErrorOptions extends ErrorOptions {
  /** For a person. */
  readonly text?: string | undefined
  /** Language of `text`, default `en`; given as `undefined` it is not said. */
  readonly lang?: string | undefined
  /** The application-specific condition (RFC 6120 §4.9.4). */
  readonly application?: Element | undefined
  /** Where to go instead, with `see-other-host`: `domain` or `domain:port` (RFC 6120 §4.9.3.19). */
  readonly address?: string | undefined
}

/** Ends a stream: thrown by whoever finds the fault, told to the peer as `<stream:error/>`. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  readonly condition: StreamCondition
  readonly text: string | undefined
  readonly lang: string | undefined
  readonly application: Element | undefined
  readonly address: string | undefined

  constructor(condition: StreamCondition, options: StreamErrorOptions = {}) {
    super(options.text ?? condition, 'cause' in options ? { cause: options.cause } : undefined)
    this.condition = condition
    this.text = options.text
    this.lang = languageOf(options)
    this.application = options.application
    this.address = options.address
  }
}

/** `<stream:error/>`. Reading never refuses: no condition or an unknown one is an `undefined-condition` (RFC 6120 §4.9.2). */
export const streamError: Codec<StreamError> = {
  ns: NS_STREAMS,
  name: 'error',
  read(element) {
    const parts = readErrorParts(element, NS_STREAM_ERRORS)
    return new StreamError(streamCondition(parts.condition?.name ?? ''), {
      text: parts.text?.text(),
      lang: parts.text?.attr('xml:lang'),
      application: parts.application,
      address: parts.condition?.text().trim() || undefined,
    })
  },
  write(error) {
    const children = [new Element(error.condition, NS_STREAM_ERRORS, [], error.address ? [error.address] : [])]
    if (error.text) children.push(textOf(error.text, error.lang, NS_STREAM_ERRORS))
    if (error.application) children.push(error.application)
    return new Element('error', NS_STREAMS, [], children)
  },
}
