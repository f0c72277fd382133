import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate, migrations, versionOf } from './migrate.ts'

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

test('a newer file is refused and left alone', () => {
  const db = new DatabaseSync(file)
  migrate(db, file, [first, second])
  expect(() => migrate(db, file, [first])).toThrow(expect.objectContaining({ condition: 'newer-schema' }))
  expect(versionOf(db)).toBe(2)
  db.close()
})
