// Payloads of a stanza by codec: found by name and namespace, decoded on demand.
import type { Content } from '@tercet/xml'
import type { Codec, Named } from './codec.ts'

/** The first payload of this kind. @throws {DecodeError} malformed */
export function getPayload<T>(content: Content, codec: Codec<T>): T | undefined {
  const at = content.find(codec.name, codec.ns)
  return at < 0 ? undefined : codec.read(content.elementAt(at))
}

/** All payloads of this kind, in order. @throws {DecodeError} one of them is malformed */
export function allPayloads<T>(content: Content, codec: Codec<T>): T[] {
  const found: T[] = []
  for (let i = 0; i < content.size; i++) {
    if (isA(content, i, codec)) found.push(codec.read(content.elementAt(i)))
  }
  return found
}

/** The content without any payload of this kind; the same content where there was none. */
export function withoutPayload(content: Content, kind: Named): Content {
  let rest = content
  for (let i = content.size - 1; i >= 0; i--) {
    if (isA(rest, i, kind)) rest = rest.without(i)
  }
  return rest
}

function isA(content: Content, i: number, kind: Named): boolean {
  return content.nameAt(i) === kind.name && content.nsAt(i) === kind.ns
}
