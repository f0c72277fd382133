// An IQ exchange as one value: the client calls it, the server answers it (RFC 6120 §8.2.3).
import { Content } from '@tercet/xml'
import type { Codec } from './codec.ts'
import { DecodeError } from './decode-error.ts'

/** What a request of one kind carries and what its result carries. */
export interface Query<Req, Res> {
  readonly type: 'get' | 'set'
  readonly request: Codec<Req>
  // Methods, not properties: a Query<A, B> must count as a Query<unknown, unknown> in a table of handlers.
  /** @throws {DecodeError} the result is not of this exchange */
  readResult(content: Content): Res
  writeResult(value: Res): Content
}

/** How a result is read and written; `orNothing` makes one that may be empty. */
export interface Answer<Res> {
  readResult(content: Content): Res
  writeResult(value: Res): Content
}

/** An iq of type `get`, answered with `result`, or with nothing. */
export function iqGet<Req>(request: Codec<Req>): Query<Req, void>
export function iqGet<Req, Res>(request: Codec<Req>, result: Codec<Res> | Answer<Res>): Query<Req, Res>
export function iqGet<Req>(request: Codec<Req>, result?: Codec<unknown> | Answer<unknown>): Query<Req, unknown> {
  return exchange('get', request, result)
}

/** An iq of type `set`, answered with `result`, or with nothing. */
export function iqSet<Req>(request: Codec<Req>): Query<Req, void>
export function iqSet<Req, Res>(request: Codec<Req>, result: Codec<Res> | Answer<Res>): Query<Req, Res>
export function iqSet<Req>(request: Codec<Req>, result?: Codec<unknown> | Answer<unknown>): Query<Req, unknown> {
  return exchange('set', request, result)
}

/** A result that may be empty: an iq without payload is `undefined` (RFC 6121 §2.6.3). */
export function orNothing<Res>(codec: Codec<Res>): Answer<Res | undefined> {
  const full = always(codec)
  return {
    readResult: content => (content.size === 0 ? undefined : full.readResult(content)),
    writeResult: value => (value === undefined ? Content.EMPTY : full.writeResult(value)),
  }
}

const nothing: Answer<unknown> = { readResult: () => undefined, writeResult: () => Content.EMPTY }

function always<Res>(codec: Codec<Res>): Answer<Res> {
  return {
    readResult(content) {
      const at = content.find(codec.name, codec.ns)
      if (at < 0) throw new DecodeError(codec.name, 'missing', `<${codec.name} xmlns='${codec.ns}'/>`)
      return codec.read(content.elementAt(at))
    },
    writeResult: value => Content.of([codec.write(value)]),
  }
}

function exchange<Req>(
  type: 'get' | 'set',
  request: Codec<Req>,
  result: Codec<unknown> | Answer<unknown> | undefined,
): Query<Req, unknown> {
  const answer = result === undefined ? nothing : 'readResult' in result ? result : always(result)
  return {
    type,
    request,
    readResult: found => answer.readResult(found),
    writeResult: value => answer.writeResult(value),
  }
}
