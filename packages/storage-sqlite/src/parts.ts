/** What the shapes of an opened store share. */

import type { Committer } from '@tercet/storage/adapter'
import type { Pending } from './pending.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

export interface Parts {
  readonly committer: Committer
  readonly pending: Pending
  readonly reader: Reader
  readonly writer: Writer
  /** @throws {StorageError} `closed` */
  requireOpen(): void
}
