/** What a search looks at and for: the same words for every adapter. */

const bodies = /<body(?:\s(?:[^>'"]|'[^']*'|"[^"]*")*)?>([^<]*)<\/body>/g
const references: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const words = /[\p{L}\p{N}]+/gu

/** The text of the `<body/>` elements in wire text; whatever else is in it was not written by people. */
export function searchable(body: string): string {
  let text = ''
  for (const match of body.matchAll(bodies)) text += ` ${match[1] ?? ''}`
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => references[name] ?? '')
}

/** The words of a text as they are compared: lower case, without accents. */
export function wordsOf(text: string): string[] {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().match(words) ?? []
}

/** Whether each word that is searched for begins a word of the entry's text. */
export function found(body: string, search: string): boolean {
  const wanted = wordsOf(search)
  if (wanted.length === 0) return false
  const there = wordsOf(searchable(body))
  return wanted.every(word => there.some(other => other.startsWith(word)))
}
