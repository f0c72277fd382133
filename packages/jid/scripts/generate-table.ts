// Writes src/precis.table.ts: what RFC 8264 §8, RFC 5892 App. A and RFC 5893 §2 ask of a code point, from Unicode 17.0.0.
// Run: pnpm exec node packages/jid/scripts/generate-table.ts

import { writeFile } from 'node:fs/promises'

const VERSION = '17.0.0'
const DATA = `@unicode/unicode-${VERSION}`
const LAST = 0x10ffff

// NFKC (HasCompat) and combining classes come from the engine: its Unicode must be the one of the data.
if (!VERSION.startsWith(process.versions['unicode'] ?? 'none')) {
  throw new Error(`This Node has Unicode ${process.versions['unicode']}, the data is ${VERSION}`)
}

async function load(property: string): Promise<Set<number>> {
  const module = (await import(`${DATA}/${property}/code-points.mjs`)) as { default: number[] }
  return new Set(module.default)
}

async function union(group: string, names: readonly string[]): Promise<Set<number>> {
  const sets = await Promise.all(names.map(name => load(`${group}/${name}`)))
  return new Set(sets.flatMap(set => [...set]))
}

const category = (...names: string[]) => union('General_Category', names)

const letterDigits = await category(
  'Lowercase_Letter',
  'Uppercase_Letter',
  'Other_Letter',
  'Decimal_Number',
  'Modifier_Letter',
  'Nonspacing_Mark',
  'Spacing_Mark',
)
const otherLetterDigits = await category('Titlecase_Letter', 'Letter_Number', 'Other_Number', 'Enclosing_Mark')
const spaces = await category('Space_Separator')
const symbols = await category('Math_Symbol', 'Currency_Symbol', 'Modifier_Symbol', 'Other_Symbol')
const punctuation = await category(
  'Connector_Punctuation',
  'Dash_Punctuation',
  'Open_Punctuation',
  'Close_Punctuation',
  'Initial_Punctuation',
  'Final_Punctuation',
  'Other_Punctuation',
)
const controls = await category('Control')
const unassigned = await category('Unassigned')
// Hangul_Syllable_Type L, V and T: the same-named grapheme breaks, which since Unicode 16 hold other scripts' vowels too.
const hangul = await load('Script/Hangul')
const jamo = new Set([...(await union('Grapheme_Cluster_Break', ['L', 'V', 'T']))].filter(code => hangul.has(code)))
const ignorable = await union('Binary_Property', ['Default_Ignorable_Code_Point', 'Noncharacter_Code_Point'])
const joinControl = await load('Binary_Property/Join_Control')

const bidiClasses: [value: number, names: string[]][] = [
  [0, ['Left_To_Right']],
  [1, ['Right_To_Left', 'Arabic_Letter']],
  [2, ['Arabic_Number']],
  [3, ['European_Number']],
  [4, ['European_Separator', 'Common_Separator', 'European_Terminator', 'Other_Neutral', 'Boundary_Neutral']],
  [5, ['Nonspacing_Mark']],
]
const joiningTypes: [value: number, names: string[]][] = [
  [1, ['Left_Joining']],
  [2, ['Right_Joining']],
  [3, ['Dual_Joining']],
  [4, ['Transparent']],
]
const scripts: [value: number, names: string[]][] = [
  [1, ['Greek']],
  [2, ['Hebrew']],
  [3, ['Hiragana', 'Katakana', 'Han']],
]

async function valueMap(group: string, classes: [number, string[]][]): Promise<Map<number, number>> {
  const map = new Map<number, number>()
  for (const [value, names] of classes) for (const code of await union(group, names)) map.set(code, value)
  return map
}

const bidi = await valueMap('Bidi_Class', bidiClasses)
const joining = await valueMap('Joining_Type', joiningTypes)
const script = await valueMap('Script', scripts)

const DISALLOWED = 0
const FREE = 1
const VALID = 2
const CONTEXT = 3

// RFC 5892 §2.6; BackwardCompatible (§2.7) is empty.
const exceptions = new Map<number, number>([
  ...[0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007].map(code => [code, VALID] as const),
  ...[0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb].map(code => [code, CONTEXT] as const),
  ...range(0x660, 0x669).map(code => [code, CONTEXT] as const),
  ...range(0x6f0, 0x6f9).map(code => [code, CONTEXT] as const),
  ...[0x640, 0x7fa, 0x302e, 0x302f, ...range(0x3031, 0x3035), 0x303b].map(code => [code, DISALLOWED] as const),
])

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** RFC 8264 §8, in its order. */
function derive(code: number): number {
  const exception = exceptions.get(code)
  if (exception !== undefined) return exception
  if (unassigned.has(code)) return DISALLOWED
  if (code >= 0x21 && code <= 0x7e) return VALID
  if (joinControl.has(code)) return CONTEXT
  if (jamo.has(code) || ignorable.has(code) || controls.has(code)) return DISALLOWED
  if (hasCompat(code)) return FREE
  if (letterDigits.has(code)) return VALID
  if (otherLetterDigits.has(code) || spaces.has(code) || symbols.has(code) || punctuation.has(code)) return FREE
  return DISALLOWED
}

function hasCompat(code: number): boolean {
  const text = String.fromCodePoint(code)
  return text.isWellFormed() && text.normalize('NFKC') !== text
}

/**
 * Canonical_Combining_Class = Virama (9), which the data package lacks: canonical ordering shows it. A mark of class 9
 * moves behind U+3099 (class 8) and before U+05B0 (class 10).
 */
function isVirama(code: number): boolean {
  if (code === 0x3099 || code === 0x5b0) return false
  const mark = String.fromCodePoint(code)
  if (mark.normalize('NFD') !== mark) return false
  return (
    `a${mark}\u3099`.normalize('NFD') === `a\u3099${mark}` && `a\u05b0${mark}`.normalize('NFD') === `a${mark}\u05b0`
  )
}

/** class | bidi << 2 | joining << 5 | virama << 8 | script << 9; the last four only where the identifier class needs them. */
function propertiesOf(code: number): number {
  const derived = derive(code)
  if (derived < VALID) return derived
  const direction = bidi.get(code)
  if (direction === undefined) throw new Error(`No bidi class the Bidi Rule knows: ${code.toString(16)}`)
  const virama = code >= 0x80 && letterDigits.has(code) && isVirama(code) ? 1 : 0
  return derived | (direction << 2) | ((joining.get(code) ?? 0) << 5) | (virama << 8) | ((script.get(code) ?? 0) << 9)
}

const ranges: [start: number, value: number][] = []
for (let code = 0, previous = -1; code <= LAST; code++) {
  const value = propertiesOf(code)
  if (value !== previous) ranges.push([code, value])
  previous = value
}

const frequency = Map.groupBy(ranges, entry => entry[1])
const palette = [...frequency.keys()].sort((a, b) => frequency.get(b)!.length - frequency.get(a)!.length)
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ!#%&()*+,-./:;<=>?@[]^_{|}~'
if (palette.length > LETTERS.length) throw new Error(`${palette.length} values, too few letters`)

let encoded = ''
let last = 0
for (const [start, value] of ranges) {
  const delta = start - last
  encoded += (delta === 1 ? '' : delta.toString(36)) + LETTERS.charAt(palette.indexOf(value))
  last = start
}

await writeFile(
  new URL('../src/precis.table.ts', import.meta.url),
  `// PRECIS and IDNA properties of every code point, Unicode ${VERSION}. Made by scripts/generate-table.ts; do not edit.

/** The Unicode version of the table. */
export const UNICODE_VERSION = '${VERSION}'

/** The letter of a value is its place here; the value is laid out as code-point.ts reads it. */
export const VALUES = [${palette.join(', ')}]

/** The letters that end a range, in the order of VALUES. */
export const LETTERS = '${LETTERS.slice(0, palette.length)}'

/** ${ranges.length} ranges: distance from the previous start in base 36 (none is 1), then the letter of the value. */
export const RANGES =
  '${encoded}'
`,
)
console.log(`${ranges.length} ranges, ${palette.length} values, ${encoded.length} characters`)
