export { operation, type Ground, type Operation } from './operation.ts'
export { add, hasNoAccount, list, passwd, remove } from './account.ts'
export { importAccounts, importBatch } from './import.ts'
export { backup, status, stop } from './running.ts'
