/**
 * Adds up the results of several test runs: `sum-tests.ts FILE…` with vitest's JSON reports.
 * What failed is told once more at the end, where it is found; the last line is `N passed, N failed`.
 */

import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

interface Assertion {
  readonly status: string
  readonly fullName: string
  readonly failureMessages: readonly string[]
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly Assertion[]
    readonly message?: string
    readonly name: string
    /** Milliseconds since 1970. */
    readonly startTime: number
    readonly endTime: number
  }[]
}

let passed = 0
let failed = 0
const failures: string[] = []
for (const file of process.argv.slice(2)) {
  if (!existsSync(file)) {
    // A suite that did not get as far as a report has failed.
    failures.push(`${file}: no report`)
    failed++
    continue
  }
  // Written by vitest just before.
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  // A file that could not be loaded has no tests to count.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  for (const { name, message } of broken) failures.push(told(`${name}: could not be run`, message))
  for (const { name, assertionResults } of report.testResults) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'failed') failures.push(told(`${relative('.', name)}: ${fullName}`, failureMessages[0]))
    }
  }
  for (const [suite, ms] of wallTimes(report)) console.log(`${suite}: ${Math.round(ms / 1000)} s`)
  passed += report.numPassedTests
  failed += report.numFailedTests + broken.length
  if (report.numPendingTests > 0) console.log(`${file}: ${report.numPendingTests} not run`)
}
for (const failure of failures) console.log(failure)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

/** Suites are told apart by the folder of their files: from the first start to the last end in it. */
function wallTimes({ testResults }: Report): Map<string, number> {
  const spans = new Map<string, { from: number; to: number }>()
  for (const { name, startTime, endTime } of testResults) {
    const suite = /apps\/(interop|conformance\/[a-z]+)\//.exec(name)?.[1] ?? 'unit and property'
    const span = spans.get(suite)
    spans.set(suite, { from: Math.min(span?.from ?? startTime, startTime), to: Math.max(span?.to ?? endTime, endTime) })
  }
  return new Map([...spans].map(([suite, { from, to }]) => [suite, to - from]))
}

/** A failure and the first lines of what was said of it, indented. */
function told(name: string, message = ''): string {
  const lines = stripVTControlCharacters(message).trim().split('\n').slice(0, 25)
  return [`failed: ${name}`, ...lines.map(line => `  ${line.slice(0, 400)}`)].join('\n')
}
