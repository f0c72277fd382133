/** Runs around all files of an interop run: makes room for their figures, and prints the table of them at the end. */

import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { handoverTable } from './handover.ts'
import { temporaryHome } from './home.ts'

/** Called by vitest, which calls what is returned when all files are done. */
export function setup(project: TestProject): () => void {
  const folder = temporaryHome('summary')
  const file = join(folder.path, 'handover.jsonl')
  writeFileSync(file, '')
  project.provide('handoverFile', file)
  return () => {
    const table = handoverTable(file)
    folder[Symbol.dispose]()
    if (table !== undefined) console.log(`\n${table}\n`)
  }
}
