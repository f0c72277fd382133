/** How files of strangers are served so that they do no harm (XEP-0363 1.2.0 §10.1), and parts of them (RFC 9110 §14). */

import type { FileRange } from '../../files.ts'

/** What browsers show without running anything. SVG is not among them: it holds scripts. */
const safe =
  /^(?:image\/(?:jpeg|png|gif|webp|avif|heic|heif|bmp)|audio\/(?:mpeg|ogg|mp4|aac|flac|wav|x-wav|webm|opus)|video\/(?:mp4|webm|ogg|quicktime|3gpp)|text\/plain)$/

const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/

/** A media type without parameters, in small letters; what is none is bytes. */
export function mediaType(text: string | undefined): string {
  const type = (text ?? '').split(';', 1)[0]!.trim().toLowerCase()
  return TYPE.test(type) ? type : 'application/octet-stream'
}

/** The file name that a client proposes, as far as it is one: no path, no control characters, nothing that turns the direction of writing. */
export function fileName(text: string): string {
  const last = text.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const name = last.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, '').trim()
  // The end tells what it is, so the middle goes.
  const [, stem = '', extension = ''] = /^(.*?)(\.[^.]{1,16})?$/su.exec(name) ?? []
  const short = cut(stem, 128) + extension
  return /^\.*$/.test(short) ? 'file' : short
}

function cut(text: string, length: number): string {
  // Whole characters, none of which is cut in two.
  return Array.from(text).slice(0, length).join('')
}

/** `Content-Disposition` of a file (RFC 6266). */
export function disposition(type: string, name: string): string {
  const encoded = encodeURIComponent(name).replace(/['()*]/g, char => `%${char.charCodeAt(0).toString(16)}`)
  return `${safe.test(type) ? 'inline' : 'attachment'}; filename*=UTF-8''${encoded}`
}

/** Headers of every file (SEC-04): nothing is guessed, run, framed or loaded; what is at an address never changes. */
export function fileHeaders(type: string, name: string, tag: string): Record<string, string> {
  return {
    'content-type': type,
    'content-disposition': disposition(type, name),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=86400, immutable',
    etag: tag,
  }
}

/**
 * The one part that a `Range` asks for. Undefined: the whole is due, also for several parts, which nobody has to serve (RFC 9110 §14.2).
 * `'none'`: there is no such part.
 */
export function rangeOf(header: string | null, size: number): FileRange | 'none' | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined
  if (from === '') {
    const length = Number(to)
    return length === 0 ? 'none' : { first: Math.max(0, size - length), last: size - 1 }
  }
  const first = Number(from)
  if (to !== '' && Number(to) < first) return undefined
  return first >= size ? 'none' : { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) }
}
