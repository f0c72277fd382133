import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('the example of the README runs', { timeout: 60_000 }, () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? ''
  const file = fileURLToPath(new URL(`../readme-${process.pid}.ts`, import.meta.url))
  writeFileSync(file, example)
  try {
    const output = execFileSync(process.execPath, ['--conditions=@tercet/source', file], { encoding: 'utf8' })
    expect(output).toBe('stream to capulet.example\nromeo@montague.example O Romeo, Romeo! <3\n')
  } finally {
    rmSync(file)
  }
})
