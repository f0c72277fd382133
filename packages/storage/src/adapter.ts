export { Committer } from './committer.ts'
export type { CommitObserver, CommitterOptions, FlushResult } from './committer.ts'
export type { FlushJob } from './flush-queue.ts'
export { WorkUnit, type UnitState } from './work-unit.ts'
export { selectPage } from './page.ts'
export { idAt, placeOf, readId, type IdParts } from './id.ts'
export { found, searchable, wordsOf } from './search.ts'
export { compareText } from './text-order.ts'
export { appendWrite, isLogWrite, putWrite, spoolWrite, urgent } from './write.ts'
export type {
  AppendWrite,
  ClearWrite,
  DeleteWrite,
  LogWrite,
  PurgeWrite,
  PutWrite,
  RemoveWrite,
  ReplaceWrite,
  SpoolWrite,
  TableWrite,
  Write,
} from './write.ts'
