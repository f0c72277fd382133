/** Lines of a list of accounts: `jid,password`, quoted as RFC 4180 §2 has it where a comma or a quote asks for that. */

/** One account of a list. */
export interface AccountLine {
  /** Counted from 1. */
  readonly line: number
  readonly jid: string
  readonly password: string
}

/** Without quotes the comma behind the domain is the one that separates: names and passwords may hold others. */
const FIELDS = /^(?:"((?:[^"]|"")*)"|([^"@]*@[^,]*)),(?:"((?:[^"]|"")*)"|([^"].*))$/

/** Reads one line. Undefined: an empty line or the header `jid,password`; `bad`: it is no account. */
export function parseAccountLine(text: string, line: number): AccountLine | 'bad' | undefined {
  const content = text.replace(/^\uFEFF/, '').replace(/\r$/, '')
  if (content.trim() === '') return undefined
  if (line === 1 && content.toLowerCase() === 'jid,password') return undefined
  const match = FIELDS.exec(content)
  if (!match) return 'bad'
  const [, quotedJid, jid = '', quotedPassword, password = ''] = match
  return { line, jid: (unquote(quotedJid) ?? jid).trim(), password: unquote(quotedPassword) ?? password }
}

function unquote(text: string | undefined): string | undefined {
  return text?.replaceAll('""', '"')
}
