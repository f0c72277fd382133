import fc from 'fast-check'
import { parse, stringify } from 'smol-toml'
import { expect, test } from 'vitest'
import { tomlLines, type Path } from './toml-lines.ts'

const document = `# comment with [brackets] = 1
data = "a # b"
'quoted key' = 1
a.b . c = 2

[[host]]
name = "x"
[[host]]
name = """
many
lines"""
  [host.inner]
  deep = [
    1, # one ]
    [2,
     3],
    { x = 1, "y z" = '}' },
  ]
[listen] # after
c2s = ["a",
  "b"]
date = 1979-05-27 07:32:00
last = true`

test.each<[string, Path, number]>([
  ['a key', ['data'], 2],
  ['a quoted key', ['quoted key'], 3],
  ['a dotted key', ['a', 'b', 'c'], 4],
  ['a table of a list', ['host', 0], 6],
  ['a key in it', ['host', 0, 'name'], 7],
  ['the second one', ['host', 1, 'name'], 9],
  ['a table in the last table of a list', ['host', 1, 'inner'], 12],
  ['an element of a list over several lines', ['host', 1, 'inner', 'deep', 0], 14],
  ['a list in a list', ['host', 1, 'inner', 'deep', 1, 1], 16],
  ['an inline table', ['host', 1, 'inner', 'deep', 2, 'y z'], 17],
  ['a table', ['listen'], 19],
  ['a second element', ['listen', 'c2s', 1], 21],
  ['a key after a date', ['listen', 'last'], 23],
  ['a missing key is where its table is', ['listen', 'http'], 19],
  ['a missing table is at the top', ['nothing'], 1],
])('line of %s', (_, path, line) => {
  parse(document)
  expect(tomlLines(document).line(path)).toBe(line)
})

const key = fc.string({ unit: fc.constantFrom('a', 'b', '_', '1', ' ', '"', '.', 'é'), minLength: 1, maxLength: 5 })
const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.string())
const { table } = fc.letrec<{ value: unknown; table: Record<string, unknown> }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(scalar),
    fc.array(tie('table'), { maxLength: 3 }),
    tie('table'),
  ),
  table: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
}))

test('every key of a document is found, on a line that has it', () => {
  fc.assert(
    fc.property(table, value => {
      const source = stringify(value)
      const rows = source.split('\n')
      const lines = tomlLines(source)
      const visit = (path: Path, node: unknown): void => {
        if (typeof node !== 'object' || node === null || Array.isArray(node)) return
        for (const [name, child] of Object.entries(node)) {
          const row = rows[lines.line([...path, name]) - 1] ?? ''
          expect(row).toContain(/^[\w-]+$/.test(name) ? name : JSON.stringify(name))
          visit([...path, name], child)
        }
      }
      visit([], value)
    }),
  )
})

test('any text is read to its end', () => {
  const text = fc.string({
    unit: fc.constantFrom('[', ']', '{', '}', '"', "'", '=', ',', '.', '#', '\n', 'a', '\\', ' '),
  })
  fc.assert(
    fc.property(text, source => void tomlLines(source).line(['a'])),
    { numRuns: 2000 },
  )
  tomlLines('['.repeat(200_000))
  tomlLines(`a = ${'['.repeat(200_000)}`)
})
