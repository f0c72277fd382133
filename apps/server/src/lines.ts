/** Lines of a stream of UTF-8. */

import type { Readable } from 'node:stream'

/** Yields each line without its end. @throws {RangeError} a line of more than `maxCharacters` */
export async function* lines(stream: Readable, maxCharacters: number): AsyncGenerator<string> {
  stream.setEncoding('utf8')
  let rest = ''
  // A stream with an encoding gives strings.
  for await (const chunk of stream as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) yield part
    if (rest.length > maxCharacters) throw new RangeError('A line is too long')
  }
  if (rest !== '') yield rest
}
