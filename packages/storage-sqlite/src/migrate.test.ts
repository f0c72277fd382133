import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { idAt, placeOf } from '@tercet/storage/adapter'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate, migrations, versionOf } from './migrate.ts'
import { openSqliteStorage } from './open.ts'

const first = 'CREATE TABLE a (x); INSERT INTO a VALUES (1)'
const second = 'ALTER TABLE a ADD COLUMN y DEFAULT 2'
let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tercet-'))
  file = join(folder, 'x.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a new file gets every step and no copy', () => {
  const db = new DatabaseSync(file)
  migrate(db, file)
  expect(versionOf(db)).toBe(migrations.length)
  db.close()
  expect(readdirSync(folder)).toEqual(['x.db'])
})

test('an older file is copied and then gets the missing steps', () => {
  const db = new DatabaseSync(file)
  migrate(db, file, [first])
  migrate(db, file, [first, second])
  expect(db.prepare('SELECT * FROM a').all()).toEqual([{ x: 1, y: 2 }])
  migrate(db, file, [first, second])
  db.close()
  const copy = new DatabaseSync(`${file}.v1`)
  expect(versionOf(copy)).toBe(1)
  expect(copy.prepare('SELECT * FROM a').all()).toEqual([{ x: 1 }])
  copy.close()
})

test('a step that fails changes nothing, and the next attempt may use the copy that is there', () => {
  const db = new DatabaseSync(file)
  migrate(db, file, [first])
  expect(() => migrate(db, file, [first, `${second}; nonsense`])).toThrow(/nonsense/)
  expect(versionOf(db)).toBe(1)
  expect(db.prepare('SELECT * FROM a').all()).toEqual([{ x: 1 }])
  migrate(db, file, [first, second])
  expect(versionOf(db)).toBe(2)
  db.close()
})

test('schema 1 to 2: entries keep their order, their times, and the bodies that they share', async () => {
  const old = new DatabaseSync(join(folder, 'tercet.db'))
  migrate(old, join(folder, 'tercet.db'), migrations.slice(0, 1))
  const ids = [idAt(placeOf(500) + 3, 'a'.repeat(13)), 'of another maker', idAt(placeOf(400))]
  old.exec(`
    INSERT INTO scope VALUES (1, 'log', 'archive', 'a.test');
    INSERT INTO owner VALUES (1, 1, 'romeo', 1), (2, 1, 'juliet', 0);
    INSERT INTO peer VALUES (1, 'juliet@a.test'), (2, 'romeo@a.test');
    INSERT INTO body VALUES (1, 2, '<message><body>Hist!</body></message>'), (2, 1, 'b'), (3, 1, 'c');
    INSERT INTO entry VALUES (1, 1, 500, 1, 1, '${ids[0]}'), (1, 2, 100, 1, 2, '${ids[1]}'), (1, 3, 400, 1, 3, '${ids[2]}'),
      (2, 1, 500, 2, 1, '${ids[0]}');
    INSERT INTO entry_id VALUES (1, '${ids[0]}', 1);
    INSERT INTO destination VALUES (1, 'romeo@a.test');
    INSERT INTO spool VALUES (1, '${ids[0]}', 500, '<message/>');
    INSERT INTO row VALUES (1, 'k', 1, '"v"');`)
  old.close()
  await using storage = await openSqliteStorage({ folder })
  const log = storage.log('archive')
  const { entries } = await log.page('a.test', 'romeo', { max: 9 })
  expect(entries.map(({ at, peer, body }) => [at, peer, body])).toEqual([
    [500, 'juliet@a.test', '<message><body>Hist!</body></message>'],
    [100, 'juliet@a.test', 'b'],
    [400, 'juliet@a.test', 'c'],
  ])
  expect(entries[0]?.id).toBe(ids[0])
  expect(entries.every(({ id }, at) => at === 0 || id.slice(0, 10) >= entries[at - 1]!.id.slice(0, 10))).toBe(true)
  expect((await log.page('a.test', 'romeo', { max: 9, endMs: 400 })).entries.map(({ at }) => at)).toEqual([100, 400])
  expect((await log.page('a.test', 'juliet', { max: 9, search: 'hist' })).entries).toHaveLength(1)
  expect(storage.newestMs).toBe(500)
  expect(await storage.spool.count('romeo@a.test')).toBe(1)
  expect(readdirSync(folder)).toContain('tercet.db.v1')
  const unit = storage.unit()
  log.delete(unit, 'a.test', 'romeo', ids[0]!)
  await unit.commit()
  expect((await log.get('a.test', 'juliet', ids[0]!))?.body).toBe('<message><body>Hist!</body></message>')
})

test('a newer file is refused and left alone', () => {
  const db = new DatabaseSync(file)
  migrate(db, file, [first, second])
  expect(() => migrate(db, file, [first])).toThrow(expect.objectContaining({ condition: 'newer-schema' }))
  expect(versionOf(db)).toBe(2)
  db.close()
})
