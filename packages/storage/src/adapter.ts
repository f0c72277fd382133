export { Committer } from './committer.ts'
export type { CommitObserver, CommitterOptions, FlushJob, FlushResult } from './committer.ts'
export { WorkUnit, type UnitState } from './work-unit.ts'
export { selectPage } from './page.ts'
export { compareText } from './text-order.ts'
export { appendWrite, putWrite, spoolWrite, urgent } from './write.ts'
export type {
  AppendWrite,
  ClearWrite,
  DeleteWrite,
  LogWrite,
  PurgeWrite,
  PutWrite,
  RemoveWrite,
  SpoolWrite,
  TableWrite,
  Write,
} from './write.ts'
