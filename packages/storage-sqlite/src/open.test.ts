import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storageSuite } from '@tercet/storage/suite'
import { openSqliteStorage } from './open.ts'

let folder = ''

storageSuite('SQLite', {
  open: () => {
    folder = mkdtempSync(join(tmpdir(), 'tercet-'))
    return openSqliteStorage({ folder })
  },
  reopen: async storage => {
    await storage.close()
    return openSqliteStorage({ folder })
  },
  clean: () => rmSync(folder, { recursive: true }),
})
