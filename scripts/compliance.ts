/** The page docs/compliance.md, and what is wrong with the rows that it is made of. Run it to bring the page up to date. */

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import * as prettier from 'prettier'
import { rows, type Demand, type Row } from './compliance-rows.ts'
import { faults, type Fault } from './security-rows.ts'
import { supported } from './specs.ts'

const ROOT = join(import.meta.dirname, '..')
const PAGE = join(ROOT, 'docs/compliance.md')

const INTRO = `# Compliance

What the compliance suites of the year ([XEP-0479](https://xmpp.org/extensions/xep-0479.html) 0.1.0) ask of a server, and the tests that show
it. Made by \`scripts/compliance.ts\`; a test fails when a file that is named here is gone or is not run, when none of a row names its
specification, or when the module that is said to do it does not say so.`

const SECURITY = `## Faults of other servers

What other servers had to mend, and the tests that would find it here.`

/** Which tests are run: the projects of vitest.config.ts, as far as the gate starts them. */
export interface Run {
  /** Patterns of test files. */
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/** What is wrong with a row; nothing, as it should be. */
export function faultsOf(row: Row, runs: readonly Run[]): string[] {
  const { feature, demands, providers, by = [], shown, missing } = row
  if (!shown) {
    const asked = demands.includes('yes')
    return asked && missing === undefined ? [`${feature} is asked for, and nothing shows it`] : []
  }
  if (missing !== undefined) return [`${feature} is both shown and missing`]
  const faults: string[] = []
  let texts = ''
  for (const path of shown) {
    const files = filesOf(path)
    if (files.length === 0) faults.push(`${path} is not there`)
    for (const file of files) {
      if (!isRun(file, runs)) faults.push(`${file} is never run`)
      texts += readFileSync(join(ROOT, file), 'utf8')
    }
  }
  for (const spec of providers) {
    if (!texts.includes(spec)) faults.push(`${spec} is named in no test of ${feature}`)
  }
  const doers = new Set(providers.flatMap(doersOf))
  for (const name of by) if (!doers.has(name)) faults.push(`${name} does not say that it is about ${feature}`)
  if (by.length === 0) faults.push(`nobody does ${feature}`)
  return faults
}

/** What is wrong with what shows that a fault is not here. */
export function gapsOf({ fault, shown, none }: Fault, runs: readonly Run[]): string[] {
  if (shown.length === 0) return none === undefined ? [`Nothing shows that this is not here: ${fault}`] : []
  return shown.flatMap(([file, title]) => {
    if (!existsSync(join(ROOT, file))) return [`${file} is not there`]
    const gaps = isRun(file, runs) ? [] : [`${file} is never run`]
    return readFileSync(join(ROOT, file), 'utf8').includes(title)
      ? gaps
      : [...gaps, `${file} has nothing called ${title}`]
  })
}

/** A file, or the plays in a folder. */
function filesOf(path: string): string[] {
  const full = join(ROOT, path)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [path]
  return readdirSync(full).map(name => `${path}/${name}`)
}

/** Plays are all performed by one test, which reads their folder. */
function isRun(file: string, runs: readonly Run[]): boolean {
  const test = /^apps\/conformance\/plays\/.+\.play$/.test(file) ? 'apps/conformance/src/run.test.ts' : file
  return runs.some(
    ({ include, exclude }) =>
      include.some(pattern => matchesGlob(test, pattern)) && !exclude.some(pattern => matchesGlob(test, pattern)),
  )
}

/** The page as it is, and as it should be. */
export async function pages(): Promise<{ readonly is: string; readonly due: string }> {
  const suites = [...new Set(rows.map(({ suite }) => suite))].map(suite => {
    const lines = rows.filter(row => row.suite === suite).map(lineOf)
    return [
      `## ${suite}`,
      '',
      '| feature | of | Server | Advanced | by | shown by |',
      '| - | - | - | - | - | - |',
      ...lines,
    ].join('\n')
  })
  const security = ['| fault | shown by |', '| - | - |', ...faults.map(faultLine)].join('\n')
  const due = await prettier.format([INTRO, ...suites, SECURITY, security].join('\n\n'), {
    ...(await prettier.resolveConfig(PAGE)),
    filepath: PAGE,
  })
  return { is: existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '', due }
}

function lineOf({ feature, providers, demands, by = [], shown, missing }: Row): string {
  const proof = shown ? shown.map(linkTo).join(', ') : (missing ?? '')
  return `| ${[feature, providers.join(', '), ...demands.map(markOf), by.join(', '), proof].join(' | ')} |`
}

function faultLine({ fault, shown, none = '' }: Fault): string {
  return `| ${fault} | ${shown.length > 0 ? shown.map(([file]) => linkTo(file)).join(', ') : none} |`
}

/** Packages and modules that say of themselves that they implement it. */
function doersOf(spec: string): string[] {
  return [...(supported().get(spec)?.places ?? [])].flatMap(([place, names]) => [place, ...names])
}

function markOf(demand: Demand): string {
  return { yes: 'yes', no: 'no', 'n/a': '' }[demand]
}

function linkTo(path: string): string {
  return `[${path.replace(/^apps\/conformance\/|^packages\/|\/src(?=\/)/g, '')}](../${path})`
}

if (import.meta.main) writeFileSync(PAGE, (await pages()).due)
