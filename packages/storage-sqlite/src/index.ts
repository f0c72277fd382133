export { openSqliteStorage, type SqliteStorageOptions, type StorageLogger } from './open.ts'
export type { Synchronous } from './protocol.ts'
