import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of the README is examples/readme.ts', () => {
  expect(/```ts\n(.*?)```/s.exec(read('../README.md'))?.[1]).toBe(read('../examples/readme.ts'))
})

test('the example runs', async () => {
  const { heard } = await import('../examples/readme.ts')
  expect(heard).toBe('<presence/>')
})
