/** What it is to take a rule out of the server. */

/** One piece of source that goes. */
export interface Edit {
  /** Relative to the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

/** A server without a rule. */
export interface Mutant {
  /** The play that has to notice, as its path in `plays` without the ending. */
  readonly play: string
  /** What the server does now. */
  readonly wrong: string
  /** More than one where a rule is kept twice. */
  readonly edits: readonly Edit[]
}
