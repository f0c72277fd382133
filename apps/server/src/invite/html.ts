/** HTML made here, without scripts or anything from elsewhere. */

import { createHash } from 'node:crypto'

/** What is shown. */
export interface Page {
  readonly status: number
  readonly html: string
}

const STYLE = `
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif }
main { max-width: 28rem; margin: 3rem auto; padding: 0 1rem }
label { display: block; margin: 1rem 0 .25rem }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem }
button, .button { font: inherit; display: inline-block; margin-top: 1.5rem; padding: .5rem 1.5rem }
.button { border: 1px solid; border-radius: .3rem; text-decoration: none }
.problem { border-left: .3rem solid #c00; padding-left: .7rem }
svg { display: block; width: 14rem; height: 14rem; margin: 1.5rem 0; background: #fff }
code { overflow-wrap: anywhere }
`

/** Headers of every page: this style and forms to ourselves, and nothing else; nothing is kept, nothing is told. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** A page; title and lines are HTML. */
export function page(status: number, title: string, lines: readonly string[]): Page {
  const html = [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Tercet</title>`,
    `<style>${STYLE}</style></head>`,
    `<body><main><h1>${title}</h1>`,
    ...lines,
    '</main></body></html>',
    '',
  ]
  return { status, html: html.join('\n') }
}

/** Text as it may stand in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
