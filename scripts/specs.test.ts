import { expect, test } from 'vitest'
import { readmes } from './specs.ts'

test('the README tells what modules and plugins support; else run scripts/specs.ts', async () => {
  const { is, due } = await readmes()
  expect(is).toBe(due)
})
