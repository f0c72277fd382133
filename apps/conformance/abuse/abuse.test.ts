/**
 * What hostile clients do to a server that others use: each abuse is ended with the right error, others are served meanwhile, and
 * afterwards everything is as before.
 */

import { constants, loadavg, setPriority } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../crash/within.ts'
import { pause, type Abuse } from './abuse.ts'
import { web } from './bosh.ts'
import { floods } from './floods.ts'
import { halfOpen } from './half-open.ts'
import { malformed } from './malformed.ts'
import { others } from './others.ts'
import { accounts, passwordOf, Target, type Figures } from './target.ts'
import { Bystander } from './watch.ts'
import { webSockets } from './websockets.ts'

const LONG = process.env['TERCET_LONG'] === '1'
/** A ping of somebody else, in the 99th percentile, while the abuse goes on. */
const MAX_P99_MS = 100
/** What is over sooner is done again for so long: fewer pings have no percentiles. */
const MEASURED_MS = 1500
/** Afterwards, at the latest; the long test looks only then. */
const SETTLED_MS = 30_000
/** Memory may be more than before by this share, and this much. */
const RSS_SHARE = 1.1
const RSS_MIB = 5
const MAX_WARM_UPS = 5

let target: Target
let bystander: Bystander
const started = new AsyncDisposableStack()

beforeAll(async () => {
  target = started.use(await Target.start())
  bystander = started.use(await Bystander.start(target))
  // Who abuses a server has machines of his own; here he has what the others leave.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
}, 60_000)

afterAll(() => started.disposeAsync())

describe.each<[string, readonly Abuse[]]>([
  ['malformed input', malformed],
  ['half-open and slow', halfOpen],
  ['WebSockets', webSockets],
  ['BOSH and uploads', web],
  ['what belongs to others', others],
  ['floods', floods],
])('%s', (_, abuses) => {
  test.each(abuses.map(abuse => [abuse.title, abuse] as const))(
    '%s',
    async (title, abuse) => {
      const from = target.output.length
      await warmUp(abuse)
      const before = await target.figures()
      bystander.begin()
      await forAWhile(abuse)
      const latency = await bystander.tell()
      expect(target.running, target.output.slice(-2000)).toBe(true)
      const after = await settled(before)
      report(title, latency, before, after)
      expect(latency.p99, `p99 of ${latency.count} pings, load ${loadavg()[0]!.toFixed(1)}`).toBeLessThanOrEqual(
        MAX_P99_MS,
      )
      expectLog(from)
    },
    LONG ? 180_000 : 120_000,
  )
})

test('the server ends in order after all this, and its log holds no password', async () => {
  bystander[Symbol.dispose]()
  expect(await target.stop()).toBe(0)
  for (const local of accounts) expect(target.output).not.toContain(passwordOf(local))
  expect(target.output).not.toContain('secret-guess')
  // As they travel in SASL PLAIN.
  for (const local of accounts)
    expect(target.output).not.toContain(
      Buffer.from(`\0${local}\0${passwordOf(local)}`)
        .toString('base64')
        .slice(0, -4),
    )
})

async function forAWhile(abuse: Abuse): Promise<void> {
  const begun = performance.now()
  do await abuse.run(target)
  while (performance.now() - begun < MEASURED_MS)
}

/**
 * The same before, until the process has what it needs for it: a heap grows while there is work, and nothing makes it small again. What is
 * left behind each time would go on growing.
 */
async function warmUp(abuse: Abuse): Promise<void> {
  const { sessions } = await target.figures()
  for (let round = 0; round < MAX_WARM_UPS; round++) {
    const { rssMiB } = target
    await forAWhile(abuse)
    await until(SETTLED_MS, 'Sessions of the warm-up end', async () => (await target.figures()).sessions <= sessions)
    if (target.rssMiB < rssMiB + RSS_MIB) break
  }
  await pause(LONG ? 5000 : 300)
}

/** Everything is as before, within 30 s. */
async function settled(before: Figures): Promise<Figures> {
  if (LONG) await pause(SETTLED_MS)
  const end = performance.now() + (LONG ? 0 : SETTLED_MS)
  for (;;) {
    const now = await target.figures()
    const wrong = differences(before, now)
    if (wrong.length === 0) return now
    if (performance.now() > end) throw new Error(`30 s later: ${wrong.join('; ')}`)
    await pause(200)
  }
}

function differences(before: Figures, now: Figures): string[] {
  const wrong: string[] = []
  if (now.rssMiB > before.rssMiB * RSS_SHARE + RSS_MIB)
    wrong.push(`RSS ${now.rssMiB.toFixed(1)} MiB, before ${before.rssMiB.toFixed(1)}`)
  for (const name of ['descriptors', 'sessions', 'streams', 'timers'] as const) {
    const [then, is] = [before[name], now[name]]
    if (then !== undefined && is !== undefined && is > then) wrong.push(`${name} ${is}, before ${then}`)
  }
  return wrong
}

/** Messages of the log that are about a stream. */
const ofStreams = /stream|login|session|account registered/i

/** No bug was met, and what is about a stream says which. */
function expectLog(from: number): void {
  for (const line of target.lines(from)) {
    const severe =
      line.level === 'error' || line.level === 'fatal' || (typeof line.level === 'number' && line.level >= 50)
    expect(severe, JSON.stringify(line)).toBe(false)
    if (ofStreams.test(line.msg) && !/before its stream/.test(line.msg))
      expect(line.stream, JSON.stringify(line)).toMatch(/^.{16,}$/)
  }
}

function report(
  title: string,
  latency: { count: number; p50: number; p99: number; max: number },
  before: Figures,
  after: Figures,
): void {
  const load = loadavg()[0]!
  const others = load > 4 ? ' (the machine is busy with other things)' : ''
  process.stdout.write(
    `${title}: ping p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms, max ${latency.max.toFixed(1)} ms of ${latency.count}; ` +
      `RSS ${before.rssMiB.toFixed(0)} → ${after.rssMiB.toFixed(0)} MiB; descriptors ${before.descriptors} → ${after.descriptors}; ` +
      `streams ${before.streams} → ${after.streams}; load ${load.toFixed(1)}${others}\n`,
  )
}
