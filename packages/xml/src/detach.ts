/** Strings that outlive the stanza they were cut from. */

/** Above this many characters a text is not kept alive by the short strings cut out of it. */
export const LARGE = 2048

/**
 * The same string in memory of its own. Engines let a substring hold on to the whole text; a cache of addresses would
 * then pin every large stanza that an address came in.
 */
export function detach(s: string): string {
  return (' ' + s).slice(1)
}
