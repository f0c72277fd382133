/** The tokens of one client (XEP-0484 0.2.0 §§3.4-3.6, §4.3), as values. All times are milliseconds since 1970. */

/** `new`: the client may not have got it · `current`: it has shown it · `old`: a newer one was shown, or it was taken back. */
type State = 'new' | 'current' | 'old'

/** A token as it is stored: what the mechanism needs to check it, in base64, which is not the token. */
export interface TokenRow {
  readonly key: string
  /** No other mechanism takes it (§3.4). */
  readonly mechanism: string
  readonly state: State
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Old ones that are remembered, so that their owner hears why they do not do any more. */
const MAX_OLD = 2

/**
 * The token was shown: it is the current one, and those that would have expired before it are old (§3.5). The same list if that is so already:
 * most logins are to write nothing.
 */
export function used(tokens: readonly TokenRow[], key: string): readonly TokenRow[] {
  const shown = tokens.find(token => token.key === key)
  if (!shown || shown.state === 'old') return tokens
  const after = tokens.map(token => {
    if (token === shown) return withState(token, 'current')
    return token.expiresAt < shown.expiresAt ? withState(token, 'old') : token
  })
  return after.every((token, index) => token === tokens[index]) ? tokens : pruned(after)
}

/** A new one was issued: one that was issued before and never shown is old (§3.5). */
export function issued(tokens: readonly TokenRow[], token: Omit<TokenRow, 'state'>): readonly TokenRow[] {
  const before = tokens.map(other => (other.state === 'new' ? withState(other, 'old') : other))
  return pruned([{ ...token, state: 'new' }, ...before])
}

/** The client logs out: none of its tokens lets it in again (§3.6), also not one that it has not got yet. */
export function takenBack(tokens: readonly TokenRow[]): readonly TokenRow[] {
  return pruned(tokens.map(token => withState(token, 'old')))
}

/** Whether it lets its client in. @param since when the password was set: whoever changes it wants everybody else out */
export function isGood(token: TokenRow, since: number): boolean {
  return token.state !== 'old' && token.expiresAt > Date.now() && token.issuedAt >= since
}

function withState(token: TokenRow, state: State): TokenRow {
  return token.state === state ? token : { ...token, state }
}

/** One slot each for a new and a current token of a client, and a few for old ones. The newest come first. */
function pruned(tokens: readonly TokenRow[]): readonly TokenRow[] {
  let old = 0
  return tokens.filter(({ state }) => state !== 'old' || ++old <= MAX_OLD)
}
