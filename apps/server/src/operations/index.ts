export type { Ground, Operation } from './operation.ts'
export { add, list, passwd, remove } from './account.ts'
export { importAccounts, importBatch } from './import.ts'
export { backup, status, stop } from './running.ts'
