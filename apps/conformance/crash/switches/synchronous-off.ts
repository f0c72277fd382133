/** Preloaded into a server under test: SQLite does not wait for the disk, whatever it is told. */

import { DatabaseSync } from 'node:sqlite'

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the database as its `this`
const { exec } = DatabaseSync.prototype

DatabaseSync.prototype.exec = function (sql) {
  exec.call(this, sql.replace(/(synchronous\s*=\s*)FULL/i, '$1OFF'))
}
