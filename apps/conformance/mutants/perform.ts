/** Performs a few plays in a copy of the tree, on the server of that copy. */
import { spawn } from 'node:child_process'
import { cp, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** `broken`: the play did not come so far as to judge the server. */
export interface Outcome {
  readonly kind: 'green' | 'red' | 'broken'
  /** What the play said against the server, in a line. */
  readonly why: string
}

const folder = 'apps/conformance/plays'
/** Far above what a server takes to start and a play to end. */
const PATIENCE_MS = 240_000

/** Performs the plays of the tree at `from` on the server of the tree at `root`, which then has no other plays. */
export async function performIn(root: string, from: string, plays: readonly string[]): Promise<Map<string, Outcome>> {
  await rm(join(root, folder), { recursive: true, force: true })
  for (const play of plays) {
    const path = join(folder, `${play}.play`)
    await mkdir(dirname(join(root, path)), { recursive: true })
    await cp(join(from, path), join(root, path))
  }
  const report = join(root, 'report.json')
  await rm(report, { force: true })
  const said = await vitest(root, report)
  const results = await readResults(report)
  return new Map(plays.map(play => [play, outcomeOf(play, results, said)]))
}

function vitest(root: string, report: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project=transcripts',
      'apps/conformance/src/run.test.ts',
      '--reporter=json',
      `--outputFile=${report}`,
    ],
    { cwd: root, env: { ...process.env, TERCET_PLAYS_SERVER: 'tercet' }, timeout: PATIENCE_MS },
  )
  let said = ''
  child.stdout.on('data', data => (said += String(data)))
  child.stderr.on('data', data => (said += String(data)))
  child.on('error', reject)
  child.on('close', () => resolve(said))
  return promise
}

/** The parts of Vitest's report that are used here. */
interface Result {
  readonly title: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

async function readResults(report: string): Promise<Result[]> {
  try {
    // Written by Vitest's JSON reporter.
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as {
      testResults: { assertionResults: Result[] }[]
    }
    return testResults.flatMap(({ assertionResults }) => assertionResults)
  } catch {
    return []
  }
}

function outcomeOf(play: string, results: readonly Result[], said: string): Outcome {
  const result = results.find(({ title }) => title.endsWith(` ${play}`))
  if (result?.status === 'passed') return { kind: 'green', why: '' }
  const failure = result?.failureMessages[0] ?? `no result of the play; ${said.slice(-2000)}`
  // A sentence of the play was not true. Anything else is no judgement: the server did not start, or nobody could log in.
  const judged = result?.status === 'failed' && failure.startsWith('PlayError: line ')
  return judged
    ? { kind: 'red', why: firstLine(failure.replace(/^PlayError: /, '')) }
    : { kind: 'broken', why: failure }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
