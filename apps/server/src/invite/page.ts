/** What is behind an invitation (XEP-0379 0.3.3 §3.3): who invites, how to accept with an app, and a form that makes the account. */

import type { Invite } from '@tercet/server/modules'
import { platformsFor } from './apps.ts'
import { escapeHtml, page, type Page } from './html.ts'
import { qrPath } from './qr.ts'

/** An invitation as it is shown. */
export interface Shown {
  readonly domain: string
  readonly invite: Invite
  /** What apps open. */
  readonly uri: string
  /** Proves that the form is ours. */
  readonly csrf: string
  readonly userAgent: string
}

/** Says what the invitation is for; with `problem`, why the form came back. */
export function invitePage(
  { domain, invite, uri, csrf, userAgent }: Shown,
  filled: { readonly name?: string; readonly problem?: string } = {},
): Page {
  const { name = invite.username ?? '', problem } = filled
  const { inviter, first, account } = invite
  const who = inviter === undefined ? undefined : `${inviter}@${domain}`
  const title = first
    ? 'Your first account'
    : who === undefined
      ? 'You are invited'
      : `${escapeHtml(who)} invites you to chat`
  const lines: string[] = []
  if (first) lines.push(`<p>This makes the first account on <strong>${escapeHtml(domain)}</strong>.</p>`)
  else lines.push(`<p>This is an invitation to <strong>${escapeHtml(who ?? domain)}</strong>.</p>`, ...openWith(uri))
  if (problem !== undefined) lines.push(`<p class="problem" role="alert">${escapeHtml(problem)}</p>`)
  if (account) {
    if (!first) lines.push(`<h2>Make an account on ${escapeHtml(domain)}</h2>`)
    lines.push(
      '<form method="post" autocomplete="on">',
      `<input type="hidden" name="csrf" value="${escapeHtml(csrf)}">`,
      `<label for="name">Name, the part before @${escapeHtml(domain)}</label>`,
      `<input id="name" name="name" value="${escapeHtml(name)}"${invite.username === undefined ? ' autofocus' : ' readonly'} required autocapitalize="none" spellcheck="false" autocomplete="username">`,
      '<label for="password">Password</label>',
      '<input id="password" name="password" type="password" required autocomplete="new-password">',
      '<button>Make the account</button>',
      '</form>',
    )
  }
  lines.push(...apps(userAgent), `<p>The invitation is good until ${escapeHtml(dateOf(invite.expiresAt))}.</p>`)
  return page(problem === undefined ? 200 : 422, title, lines)
}

/** The account is there: how an app gets to it. */
export function donePage(jid: string, userAgent: string): Page {
  return page(201, 'Your account is ready', [
    `<p>Log in with any XMPP app as <strong>${escapeHtml(jid)}</strong> and your password.</p>`,
    ...openWith(xmppUri(jid)),
    ...apps(userAgent),
  ])
}

/** The link is used up, too old, or was never good. */
export function gonePage(): Page {
  return page(410, 'This link is over', [
    '<p>An invitation works as often as whoever made it wanted, most of them once, and for some time. Ask for another one.</p>',
    '<p>A server without an account prints an invitation when it starts; an operator makes them with <code>tercet invite create</code>.</p>',
  ])
}

/** A request that no form of ours makes, that came over a way where others can listen, or too many of them. */
export function refusedPage(status: 400 | 403 | 413 | 429 | 500, text: string): Page {
  return page(status, 'This did not work', [`<p>${escapeHtml(text)}</p>`])
}

/** The `xmpp:` address of an account (RFC 5122 §2). */
export function xmppUri(jid: string): string {
  const at = jid.lastIndexOf('@')
  return `xmpp:${encodeURIComponent(jid.slice(0, at))}@${jid.slice(at + 1)}`
}

function openWith(uri: string): string[] {
  const { path, size } = qrPath(uri)
  return [
    `<p><a class="button" href="${escapeHtml(uri)}">Open in your app</a></p>`,
    '<p>Without an app that opens it, install one first and come back, or scan this with it:</p>',
    `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code of ${escapeHtml(uri)}"><path d="${path}" fill="#000"/></svg>`,
  ]
}

function apps(userAgent: string): string[] {
  const items = platformsFor(userAgent).map(({ name, apps }) => {
    const links = apps.map(({ name, url }) => `<a href="${escapeHtml(url)}" rel="noreferrer">${escapeHtml(name)}</a>`)
    return `<li>${escapeHtml(name)}: ${links.join(', ')}</li>`
  })
  return ['<h2>Apps</h2>', `<ul>${items.join('')}</ul>`]
}

function dateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
