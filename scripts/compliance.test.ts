import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import vitestConfig from '../vitest.config.ts'
import { rows } from './compliance-rows.ts'
import { faultsOf, gapsOf, pages, type Run } from './compliance.ts'
import { faults } from './security-rows.ts'

const root = join(import.meta.dirname, '..')

/** The projects that the gate runs, by way of the scripts of package.json. */
function runs(): Run[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const gate = readFileSync(join(root, '.ci/run'), 'utf8')
  const started = [...gate.matchAll(/^tests \S+ (\S+)/gm)].map(([, script]) => scripts[script!] ?? '').join(' ')
  const found: Run[] = []
  for (const project of vitestConfig.test?.projects ?? []) {
    if (typeof project !== 'object' || !('test' in project)) continue
    const { name, include = [], exclude = [] } = project.test ?? {}
    if (typeof name === 'string' && started.includes(`--project ${name}`)) found.push({ include, exclude })
  }
  return found
}

test.each(rows)('XEP-0479, $suite: $feature', row => expect(faultsOf(row, runs())).toEqual([]))

test.each(faults)('not here: $fault', fault => expect(gapsOf(fault, runs())).toEqual([]))

test('a test that is not there, or is called otherwise, shows nothing', () => {
  const fault = 'Thunder'
  expect(gapsOf({ fault, shown: [] }, runs())).toHaveLength(1)
  expect(gapsOf({ fault, shown: [['scripts/gone.test.ts', 'x']] }, runs())).toEqual([
    'scripts/gone.test.ts is not there',
  ])
  expect(gapsOf({ fault, shown: [['scripts/specs.test.ts', 'thunder']] }, runs())).toEqual([
    'scripts/specs.test.ts has nothing called thunder',
  ])
  expect(gapsOf({ fault, shown: [['scripts/specs.ts', 'README']] }, runs())).toEqual(['scripts/specs.ts is never run'])
})

// What the text says, counted apart: rows of each table, and those that an advanced server needs.
test.each([
  ['Core', 7, 7],
  ['Web', 2, 1],
  ['IM', 18, 12],
  ['Mobile', 3, 3],
  ['A/V Calling', 5, 1],
])('all rows of the suite %s are there', (suite, all, advanced) => {
  const own = rows.filter(row => row.suite === suite)
  expect(new Set(own.map(({ feature }) => feature)).size).toBe(all)
  expect(own.filter(({ demands }) => demands[1] === 'yes')).toHaveLength(advanced)
})

test('a file that is gone or is never run, and a specification that no test names, are told', () => {
  const row = { ...rows[0]!, feature: 'Thunder', providers: ['XEP-9999'], by: ['bind'] }
  expect(faultsOf({ ...row, shown: ['apps/gone.test.ts'] }, runs())).toEqual([
    'apps/gone.test.ts is not there',
    'XEP-9999 is named in no test of Thunder',
    'bind does not say that it is about Thunder',
  ])
  expect(faultsOf({ ...row, shown: ['scripts/specs.ts'] }, runs())).toContain('scripts/specs.ts is never run')
  expect(faultsOf({ ...rows[0]!, shown: ['apps/conformance/plays/rfc6120'] }, [])).not.toEqual([])
  expect(faultsOf({ suite: 'Core', feature: 'Thunder', providers: [], demands: ['no', 'yes'] }, runs())).toEqual([
    'Thunder is asked for, and nothing shows it',
  ])
})

test('docs/compliance.md is made of the rows; else run scripts/compliance.ts', async () => {
  const { is, due } = await pages()
  expect(is).toBe(due)
})
