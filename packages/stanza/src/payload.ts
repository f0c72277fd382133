// Payloads of a stanza by codec: found by name and namespace, decoded on demand.
import { Content } from '@tercet/xml'
import type { Codec, Named } from './codec.ts'

/** The first payload of this kind. @throws {DecodeError} malformed */
export function getPayload<T>(content: Content, codec: Codec<T>): T | undefined {
  const at = content.find(codec.name, codec.ns)
  return at < 0 ? undefined : codec.read(content.elementAt(at))
}

/** All payloads of this kind, in order. @throws {DecodeError} one of them is malformed */
export function allPayloads<T>(content: Content, codec: Codec<T>): T[] {
  const found: T[] = []
  const { size } = content
  for (let i = 0; i < size; i++) {
    if (isA(content, i, codec)) found.push(codec.read(content.elementAt(i)))
  }
  return found
}

/** The content without any payload of this kind; the same content where there was none. */
export function withoutPayload(content: Content, kind: Named): Content {
  const at = content.find(kind.name, kind.ns)
  if (at < 0) return content
  const rest = content.without(at)
  if (rest.find(kind.name, kind.ns) < 0) return rest
  // One by one would copy the whole for each of them, which a hostile sender could make many.
  return Content.of(
    content.children().filter(one => typeof one === 'string' || one.name !== kind.name || one.ns !== kind.ns),
  )
}

function isA(content: Content, i: number, kind: Named): boolean {
  return content.nameAt(i) === kind.name && content.nsAt(i) === kind.ns
}
