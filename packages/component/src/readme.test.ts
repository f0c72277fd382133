import { readFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'

test('the example of the README prints what it says', async () => {
  const [readme, example] = await Promise.all([read('README.md'), read('examples/readme.ts')])
  expect(readme).toContain('```ts\n' + example + '```')

  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    lines.push(values.join(' '))
  })
  await import('../examples/readme.ts')
  log.mockRestore()
  expect(lines).toEqual(Array.from(example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm), match => match[1]))
})

function read(path: string): Promise<string> {
  return readFile(new URL(`../${path}`, import.meta.url), 'utf8')
}
