/**
 * Stage names: plays that share a server each have accounts of their own. `romeo@a.test` in a play is `romeo-0c7@a.test` on
 * the wire, and the domain of another server, `c.test` to `h.test`, is `c-0c7.test`; what the server says is translated back
 * before it is compared.
 */

/** Names of one play. The suffix is four characters, `-` and three of base 36. */
export interface StageNames {
  /** From the play to the wire. */
  toWire(text: string): string
  /** From the wire to the play. */
  fromWire(text: string): string
}

/** How many characters a name grows by on the wire. */
export const stageSuffixLength = 4

/** Makes the names of play number `index` (below 46 656). */
export function stageNames(index: number, domains: readonly string[] = ['a.test', 'b.test']): StageNames {
  const suffix = `-${index.toString(36).padStart(3, '0')}`
  const domain = domains.map(name => name.replaceAll('.', '\\.')).join('|')
  const local = new RegExp(`(?<=[\\p{L}\\p{M}\\p{N}])(?=@(?:${domain}))`, 'giu')
  const suffixed = new RegExp(`${suffix}(?=@(?:${domain})|\\.test\\b)`, 'gi')
  const remote = /(?<![\w.-])((?:\w+\.)*[c-h])(?=\.test\b)/gi
  return {
    toWire: text => text.replaceAll(local, suffix).replaceAll(remote, `$1${suffix}`),
    fromWire: text => text.replaceAll(suffixed, ''),
  }
}
