/** Schema 2: entries of logs by the place of their ids, with the peer's resource; a mark for the clock; an index for those who search. */

import type { DatabaseSync } from 'node:sqlite'
import { idAt, placeOf, readId } from '@tercet/storage/adapter'

const sql = `
  ALTER TABLE entry RENAME TO old_entry;
  ALTER TABLE body RENAME TO old_body;
  DROP TABLE entry_id;

  -- The random part of ids, one for each run of a server.
  CREATE TABLE epoch (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
  ) STRICT;

  -- refs: entries that show this body; both ends of a conversation share one.
  CREATE TABLE body (
    id INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    text TEXT NOT NULL
  ) STRICT;

  -- place: milliseconds and counter of the id as one number. behind: how much earlier than the id the entry's time is, in milliseconds.
  CREATE TABLE entry (
    owner INTEGER NOT NULL,
    place INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    behind INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    body INTEGER NOT NULL,
    resource TEXT NOT NULL,
    PRIMARY KEY (owner, place)
  ) STRICT, WITHOUT ROWID;

  -- The newest milliseconds of any id, so that a clock that was set back does not bring disorder over a restart.
  CREATE TABLE newest (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ms INTEGER NOT NULL
  ) STRICT;
  INSERT INTO newest VALUES (1, -1);

  -- Who searches has an index: up to which place, and a row of it for each entry. Its words are in a table that search.ts makes.
  CREATE TABLE searcher (
    owner INTEGER PRIMARY KEY,
    upto INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE found (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    place INTEGER NOT NULL,
    UNIQUE (owner, place)
  ) STRICT;

  -- flags: 1, some entry is older than its id says.
  UPDATE owner SET flags = 0;
`

/** Ids of other makers get one of ours, in the order of their entries. */
export function step(db: DatabaseSync): void {
  db.exec(sql)
  db.exec('INSERT INTO body (id, refs, text) SELECT id, refs, text FROM old_body')
  const addEpoch = db.prepare('INSERT OR IGNORE INTO epoch (text) VALUES (?)')
  const epochOf = db.prepare('SELECT id FROM epoch WHERE text = ?')
  const add = db.prepare(
    "INSERT INTO entry (owner, place, epoch, behind, peer, body, resource) VALUES (?, ?, ?, ?, ?, ?, '')",
  )
  const flag = db.prepare('UPDATE owner SET flags = 1 WHERE id = ?')
  let owner = -1
  let last = -1
  let newest = -1
  for (const row of db.prepare('SELECT owner, at, peer, body, id FROM old_entry ORDER BY owner, seq').iterate()) {
    const at = Number(row['at'])
    if (Number(row['owner']) !== owner) last = -1
    owner = Number(row['owner'])
    const read = readId(String(row['id']))
    const place = Math.max(read?.place ?? placeOf(at), last + 1)
    const parts = readId(idAt(place, read?.epoch))
    if (parts === undefined) throw new Error(`The entry ${String(row['id'])} has no place in time`)
    const behind = Math.max(0, parts.ms - at)
    addEpoch.run(parts.epoch)
    add.run(owner, place, Number(epochOf.get(parts.epoch)?.['id']), behind, Number(row['peer']), Number(row['body']))
    if (behind > 0) flag.run(owner)
    last = place
    newest = Math.max(newest, parts.ms)
  }
  db.prepare('UPDATE newest SET ms = ?').run(newest)
  db.exec('DROP TABLE old_entry; DROP TABLE old_body')
}
