/** The worker: the only writer of the database file, and the reader of pages. */

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { Writes } from './apply.ts'
import { migrate } from './migrate.ts'
import type { Answers, Order, Question, Report, WorkerSetup } from './protocol.ts'
import { refusalOf } from './refused.ts'

const port = parentPort
if (port === null) throw new Error('This module runs in a worker thread')
// True because the writer alone starts this module.
const setup = workerData as WorkerSetup
const committed = new Int32Array(setup.committed)

let db: DatabaseSync | undefined
try {
  db = open()
  const writes = new Writes(db, setup.file)
  const opened = db
  port.on('message', (order: Order) => port.postMessage(obey(order, writes, opened)))
  port.postMessage({ number: 0, answer: true } satisfies Report)
} catch (error) {
  db?.close()
  port.postMessage({ number: 0, error: refusalOf(error, setup.file) } satisfies Report)
}

function open(): DatabaseSync {
  const opened = new DatabaseSync(setup.file)
  db = opened
  // As a statement, since Node 22.13 knows no option for it.
  opened.exec('PRAGMA busy_timeout = 10000')
  opened.exec('PRAGMA journal_mode = WAL')
  opened.exec(`PRAGMA synchronous = ${setup.synchronous}`)
  // An upper bound in KiB; pages are taken as they are read, so a small database stays small.
  opened.exec('PRAGMA cache_size = -65536')
  // Pages that are written again and again go to the database once for all of these; as many are looked up as quickly as a few are.
  opened.exec('PRAGMA wal_autocheckpoint = 4000')
  opened.exec('PRAGMA journal_size_limit = 67108864')
  opened.exec('PRAGMA temp_store = MEMORY')
  migrate(opened, setup.file)
  if (setup.maxBytes !== undefined) {
    const pageSize = Number(opened.prepare('PRAGMA page_size').get()?.['page_size'])
    opened.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(setup.maxBytes / pageSize))}`)
  }
  return opened
}

function obey(order: Order, writes: Writes, opened: DatabaseSync): Report {
  const { number } = order
  try {
    if ('question' in order) return { number, answer: answer(order.question, writes, opened) }
    const refused = writes.commit(order.flush)
    Atomics.store(committed, 0, number)
    return { number, refused }
  } catch (error) {
    return { number, error: refusalOf(error, setup.file) }
  }
}

function answer(question: Question, writes: Writes, opened: DatabaseSync): Answers[keyof Answers] {
  switch (question.kind) {
    case 'probe':
      return probe(opened)
    case 'close':
      return close(opened)
    case 'trim':
      return writes.within(() => writes.trim.step(question.name, question.host, question.retention))
    case 'weigh':
      return writes.within(() => writes.weights.step(question.name, question.host, question.weighing))
    case 'index':
      return writes.within(() => writes.entries.searches(question.name, question.host, question.owner, question.max))
    default:
      return writes.speculate(question.pending, () => read(question, writes))
  }
}

function read(
  question: Exclude<Question, { kind: 'trim' | 'weigh' | 'index' | 'probe' | 'close' }>,
  writes: Writes,
): Answers[keyof Answers] {
  switch (question.kind) {
    case 'page':
      return { ...writes.entries.page(question.name, question.host, question.owner, question.query) } as Answers['page']
    case 'entry':
      return writes.entries.get(question.name, question.host, question.owner, question.id)
    case 'count':
      return writes.entries.count(question.name, question.host, question.owner)
    case 'row':
      return writes.rows.get(question.name, question.host, question.owner, question.key)
    case 'rows':
      return writes.rows.list(question.name, question.host, question.owner)
    case 'owners':
      return writes.rows.owners(question.name, question.host, question.after, question.max)
    case 'destinations':
      return writes.destinations()
  }
}

/** Writes more than the slack of the file and removes it: a full disk must not look well because one page was left. */
function probe(opened: DatabaseSync): true {
  opened.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  opened.prepare('INSERT OR REPLACE INTO probe (id, filler) VALUES (1, zeroblob(65536))').run()
  opened.exec('DELETE FROM probe')
  return true
}

function close(opened: DatabaseSync): true {
  try {
    opened.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    opened.close()
  }
  return true
}
