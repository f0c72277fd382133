/** Schema 1: rows of tables, entries of logs, the spool; names are interned as integers. */

export const sql = `
  CREATE TABLE scope (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, -- 'table' or 'log'
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    UNIQUE (kind, name, host)
  ) STRICT;

  -- flags: 1, ids of this log do not grow and are in entry_id; 2, times do not grow. Otherwise both are bisected over seq.
  CREATE TABLE owner (
    id INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    name TEXT NOT NULL,
    flags INTEGER NOT NULL DEFAULT 0,
    UNIQUE (scope, name)
  ) STRICT;

  CREATE TABLE row (
    owner INTEGER NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE peer (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  -- refs: entries that show this body; both ends of a conversation share one.
  CREATE TABLE body (
    id INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    text TEXT NOT NULL
  ) STRICT;

  CREATE TABLE entry (
    owner INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    body INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (owner, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE entry_id (
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (owner, id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE destination (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE spool (
    destination INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (destination, id)
  ) STRICT;

  CREATE TABLE probe (
    id INTEGER PRIMARY KEY,
    filler BLOB NOT NULL
  ) STRICT;
`
