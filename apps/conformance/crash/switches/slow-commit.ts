/** Preloaded into a server under test: each commit takes a tenth of a second, as on a bad disk, so that a kill finds something on its way. */

import { DatabaseSync } from 'node:sqlite'

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the database as its `this`
const { prepare } = DatabaseSync.prototype

DatabaseSync.prototype.prepare = function (sql) {
  const statement = prepare.call(this, sql)
  if (sql !== 'COMMIT') return statement
  const run = statement.run.bind(statement)
  statement.run = () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    return run()
  }
  return statement
}
