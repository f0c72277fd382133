/** The port to where uploaded files are kept: large things by names that we make up. Adapters are in the apps. */

/** A part of a file: the first and the last byte, both included. */
export interface FileRange {
  readonly first: number
  readonly last: number
}

/** Keeps files. Names are ours: letters, digits, `-` and `_`. */
export interface Files {
  /**
   * Stores a file; it is whole and on disk when this resolves, and not there at all when it rejects.
   *
   * @param bytes the length of `body`, which fails if it has another
   * @throws {FilesError} `full`, `aborted` when `body` fails, `failed`
   */
  write(name: string, body: ReadableStream<Uint8Array>, bytes: number): Promise<void>
  /** The bytes of a file, or of a part of it; undefined: there is no such file. */
  read(name: string, range?: FileRange): Promise<ReadableStream<Uint8Array> | undefined>
  /** Removes a file; none is no error. */
  remove(name: string): Promise<void>
  /** All files that were written whole before a moment, in milliseconds since 1970. */
  names(beforeMs: number): AsyncIterable<string>
}

/** A file could not be stored. */
export class FilesError extends Error {
  override readonly name = 'FilesError'
  readonly condition: 'full' | 'aborted' | 'failed'

  constructor(condition: FilesError['condition'], options?: ErrorOptions) {
    super(`The file was not stored: ${condition}`, options)
    this.condition = condition
  }
}
