import { expect, test } from 'vitest'
import { stageNames } from './stage-names.ts'

const names = stageNames(12)

test.each([
  ['romeo@a.test/orchard', 'romeo-00c@a.test/orchard'],
  ['juliet@c.test', 'juliet@c-00c.test'],
  ["from='c.test' to='a.test'", "from='c-00c.test' to='a.test'"],
  ['rooms.d.test', 'rooms.d-00c.test'],
  ['elsewhere.test', 'elsewhere.test'],
  ['abc.test', 'abc.test'],
])('%s is %s on the wire, and back', (play, wire) => {
  expect(names.toWire(play)).toBe(wire)
  expect(names.fromWire(wire)).toBe(play)
})
