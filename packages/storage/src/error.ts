/** What can go wrong in a store. */

/** Why a storage call failed. */
export type StorageCondition =
  'full' | 'failed' | 'conflict' | 'closed' | 'unknown-id' | 'unsupported' | 'newer-schema' | 'locked'

/** Thrown by adapters; `condition` says what a caller can do about it. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly condition: StorageCondition

  constructor(condition: StorageCondition, text: string, options?: ErrorOptions) {
    super(text, options)
    this.condition = condition
  }
}
