import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStorage } from '@tercet/storage-sqlite'

const folder = mkdtempSync(join(tmpdir(), 'tercet-'))
const storage = await openSqliteStorage({ folder })
const notes = storage.table<string>('notes')

const unit = storage.unit()
notes.put(unit, 'a.test', 'romeo', 'balcony', 'What light through yonder window breaks?')
await unit.commit() // on disk from here on
await storage.close()

const again = await openSqliteStorage({ folder })
const note = await again.table<string>('notes').get('a.test', 'romeo', 'balcony')
console.log(note?.value) // What light through yonder window breaks?
await again.close()
rmSync(folder, { recursive: true })
