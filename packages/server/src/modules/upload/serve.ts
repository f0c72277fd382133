/** Serves a file to everybody who knows its address (XEP-0363 1.2.0 §2). */

import type { Files } from '../../files.ts'
import { fileHeaders, rangeOf } from './served.ts'
import type { UploadStore } from './store.ts'

/** Undefined: this host has no such file. */
export async function serve(
  files: Files,
  store: UploadStore,
  request: Request,
  { token = '', name }: Readonly<Record<string, string>>,
): Promise<Response | undefined> {
  const row = await store.find(token)
  if (!row || row.name !== name) return undefined
  const { type, size } = row
  const tag = `"${token}"`
  const headers = fileHeaders(type, name, tag)
  // What is at an address never changes, so a tag that fits is all it takes (RFC 9110 §13.1.2).
  if (request.headers.get('if-none-match')?.includes(tag)) return new Response(null, { status: 304, headers })
  const condition = request.headers.get('if-range')
  const range = condition === null || condition === tag ? rangeOf(request.headers.get('range'), size) : undefined
  if (range === 'none') return new Response(null, { status: 416, headers: { 'content-range': `bytes */${size}` } })
  const { first, last } = range ?? { first: 0, last: size - 1 }
  headers['content-length'] = String(last - first + 1)
  if (range) headers['content-range'] = `bytes ${first}-${last}/${size}`
  const status = range ? 206 : 200
  if (request.method === 'HEAD') return new Response(null, { status, headers })
  const body = await files.read(token, range)
  return body && new Response(body, { status, headers })
}
