// The example of the README runs, and is the one that is printed there.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loggedIn } from '../examples/readme.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of the README logs in', () => expect(loggedIn).toBe('juliet'))

test('the README prints the example that is run', () => {
  expect(/```ts\n(.*?)```/s.exec(read('../README.md'))?.[1]).toBe(read('../examples/readme.ts'))
})
