/** The route of a message in docs/architecture.md is the route that a message takes. */

import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const document = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
const steps = [...document.matchAll(/^\| *\d+ +\| `([^`]+)` +\| `([^`]+)` +\|/gm)].map(([, file = '', name = '']) => ({
  file,
  name,
}))

test('the document names files and functions that exist', () => {
  expect(steps.length).toBeGreaterThan(10)
  for (const { file, name } of steps) {
    expect(existsSync(join(root, file)), file).toBe(true)
    expect(readFileSync(join(root, file), 'utf8'), `${file} ${name}`).toMatch(new RegExp(`\\b${name}\\b[(<]`))
  }
})

test('a message passes them in the order of the document', async () => {
  const script = join(import.meta.dirname, 'route-of-a-message.ts')
  const args = ['--conditions=@tercet/source', script, JSON.stringify(steps)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 25_000 })
  const passed = JSON.parse(/^ROUTE (.*)$/m.exec(stdout)?.[1] ?? '[]') as number[]
  let at = -1
  for (const [index, { file, name }] of steps.entries()) {
    const next = passed.indexOf(index, at + 1)
    expect(
      next,
      `${name} of ${file} comes after what stands before it; passed: ${passed.map(step => steps[step]?.name).join(' ')}`,
    ).toBeGreaterThan(at)
    at = next
  }
})
