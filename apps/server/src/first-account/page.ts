/** The pages behind the one-time link: plain HTML made here, without scripts or anything from elsewhere. */

import { createHash } from 'node:crypto'
import { qrPath } from './qr.ts'

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
button { font: inherit; margin-top: 1.5rem; padding: .5rem 1.5rem }
.problem { border-left: .3rem solid #c00; padding-left: .7rem }
svg { display: block; width: 14rem; height: 14rem; margin: 1.5rem 0; background: #fff }
code { overflow-wrap: anywhere }
`

/** Allows this style and forms to ourselves, and nothing else. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Asks for a name and a password. */
export function formPage(domain: string, filled: { readonly name?: string; readonly problem?: string } = {}): Page {
  const { name = '', problem } = filled
  return page(problem === undefined ? 200 : 422, 'Your first account', [
    `<p>This makes the first account on <strong>${escapeHtml(domain)}</strong>. The link works once.</p>`,
    problem === undefined ? '' : `<p class="problem" role="alert">${escapeHtml(problem)}</p>`,
    '<form method="post" autocomplete="on">',
    `<label for="name">Name, the part before @${escapeHtml(domain)}</label>`,
    `<input id="name" name="name" value="${escapeHtml(name)}" required autofocus autocapitalize="none" spellcheck="false" autocomplete="username">`,
    '<label for="password">Password</label>',
    '<input id="password" name="password" type="password" required autocomplete="new-password">',
    '<button>Make the account</button>',
    '</form>',
  ])
}

/** The account is there: how a client gets to it. */
export function donePage(jid: string): Page {
  const uri = xmppUri(jid)
  const { path, size } = qrPath(uri)
  return page(201, 'Your account is ready', [
    `<p>Log in with any XMPP client as <strong>${escapeHtml(jid)}</strong> and your password.</p>`,
    `<p><a href="${escapeHtml(uri)}"><code>${escapeHtml(uri)}</code></a></p>`,
    `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code of ${escapeHtml(uri)}"><path d="${path}" fill="#000"/></svg>`,
    '<p>Further accounts are made with <code>tercet account add</code>.</p>',
  ])
}

/** The link is spent, too old, or was never good. */
export function gonePage(): Page {
  return page(410, 'This link is over', [
    '<p>It works once, for 24 hours, and only while the server has no account. A server without an account prints a new one when it starts.</p>',
    '<p>Accounts are also made with <code>tercet account add</code>.</p>',
  ])
}

/** A request that no form of ours makes, or that came over a way where others can listen. */
export function refusedPage(status: 400 | 403 | 413 | 500, text: string): Page {
  return page(status, 'This did not work', [`<p>${escapeHtml(text)}</p>`])
}

/** The `xmpp:` address of an account (RFC 5122 §2). */
export function xmppUri(jid: string): string {
  const at = jid.lastIndexOf('@')
  return `xmpp:${encodeURIComponent(jid.slice(0, at))}@${jid.slice(at + 1)}`
}

/** Text as it may stand in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

function page(status: number, title: string, lines: readonly string[]): Page {
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
