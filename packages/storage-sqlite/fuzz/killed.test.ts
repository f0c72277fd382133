import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { openSqliteStorage } from '../src/open.ts'

/** Runs the child until it has reported `count` commits, kills it and gives all that it reported. */
async function runAndKill(folder: string, first: number, count: number): Promise<number[]> {
  const script = new URL('./killed-child.ts', import.meta.url).pathname
  const args = ['--conditions=@tercet/source', script, folder, String(first)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const reported: number[] = []
  for await (const line of createInterface(child.stdout)) {
    if (/^\d+$/.test(line)) reported.push(Number(line))
    if (reported.length === count) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
  return reported
}

test(
  'after kill -9 everything whose commit resolved is there, and every unit is whole',
  { timeout: 30_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tercet-'))
    const reported: number[] = []
    for (const [round, count] of [150, 40, 400].entries()) {
      reported.push(...(await runAndKill(folder, round * 1_000_000, count)))
      await using storage = await openSqliteStorage({ folder })
      const { entries } = await storage.log('archive').page('a.test', 'romeo', { max: 100_000 })
      const archived = entries.map(entry => entry.at).sort((a, b) => a - b)
      expect(new Set(archived).size).toBe(archived.length)
      expect(reported.filter(number => !archived.includes(number))).toEqual([])
      expect(entries.every(entry => entry.body.length === entry.at % 5_000)).toBe(true)
      const rows = await storage.table<number>('numbers').list('a.test', 'romeo')
      expect(rows.map(row => row.value)).toEqual(archived)
      const owed = await storage.spool.load('juliet')
      expect(owed.map(entry => Number(entry.id))).toEqual(archived)
    }
    rmSync(folder, { recursive: true })
  },
)
