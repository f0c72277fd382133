// The table of mutants is true: what it takes out is there, once, and its plays exist.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPlays } from '../src/plays.ts'
import { applied } from './copy.ts'
import { draw } from './draw.ts'
import { mutants } from './mutants.table.ts'

const root = join(import.meta.dirname, '../../..')
const plays = readPlays().map(({ file }) => file)

test.each(mutants)('$play, a server that $wrong: the source has the rule, and loses it', ({ play, edits }) => {
  expect(plays).toContain(play)
  const texts = new Map<string, string>()
  for (const edit of edits) {
    const text = texts.get(edit.file) ?? readFileSync(join(root, edit.file), 'utf8')
    const without = applied(text, edit)
    expect(without).not.toBe(text)
    texts.set(edit.file, without)
  }
})

test('mutants are told apart by what they do wrong', () => {
  const names = mutants.map(({ play, wrong }) => `${play} ${wrong}`)
  expect(new Set(names).size).toBe(names.length)
})

test.each([20261120, 20261121, 20261122])('each play that the seed %d draws has a mutant', seed => {
  const has = new Set(mutants.map(({ play }) => play))
  expect(draw(plays, seed, 10).filter(play => !has.has(play))).toEqual([])
})

test('an edit that fits nowhere, or twice, is refused', () => {
  const edit = { file: 'a.ts', find: 'b', replace: '$&' }
  expect(applied('abc', edit)).toBe('a$&c')
  expect(() => applied('ac', edit)).toThrow('a.ts has 0 times, not once: b')
  expect(() => applied('abcb', edit)).toThrow('a.ts has 2 times')
})

test('a draw is the same again, differs by seed, and hardly changes with a name more', () => {
  const names = Array.from({ length: 200 }, (_, index) => `play ${index}`)
  const first = draw(names, 1, 10)
  expect(draw([...names].reverse(), 1, 10)).toEqual(first)
  expect(new Set(first).size).toBe(10)
  expect(draw(names, 2, 10)).not.toEqual(first)
  const later = draw([...names, 'one more'], 1, 10)
  expect(first.filter(name => !later.includes(name)).length).toBeLessThanOrEqual(1)
})
