/** Writes prosody-disagreements.md from its list: `node src/write-page.ts` in this workspace. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { disagreementsPage, readDisagreements } from './disagreements.ts'

writeFileSync(join(import.meta.dirname, '../prosody-disagreements.md'), disagreementsPage(readDisagreements()))
