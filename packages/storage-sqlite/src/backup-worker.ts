/** A worker that writes one copy of a database and ends: the copy takes long, and the writer must not wait for it. */

import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'

// True because backup.ts alone starts this module.
const { from, to } = workerData as { readonly from: string; readonly to: string }
const db = new DatabaseSync(from)
try {
  db.exec('PRAGMA busy_timeout = 10000')
  db.prepare('VACUUM INTO ?').run(to)
} finally {
  db.close()
}
