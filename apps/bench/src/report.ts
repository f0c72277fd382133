/** Writes results as a table in Markdown. */

import type { Round, Rounds } from './measure.ts'
import type { Scenario } from './loads/load.ts'

/** The head of a table for these servers. */
export function head(servers: readonly string[]): string {
  const cells = [
    'scenario',
    'unit',
    'target',
    ...servers,
    ...(servers.length > 1 ? ['ratio'] : []),
    'rate',
    'p50 / p99 ms',
    'round trips',
  ]
  return [row([...cells, 'generator']), row([...cells, ''].map(() => '---'))].join('\n')
}

/** One line: the median of each server with the least and the greatest; the ratio of the second server to the first. */
export function line(scenario: Scenario, servers: readonly string[], rounds: Rounds): string {
  const of = (name: string): readonly Round[] => rounds.get(name) ?? []
  const medians = servers.map(name => median(of(name).map(({ cost }) => cost)))
  const first = of(servers[0]!)
  const cells = [
    scenario.title,
    scenario.kind === 'cpu' ? `µs / ${scenario.operation}` : 'KiB / session',
    `≤ ${show(scenario.target)}`,
    ...servers.map((name, index) => {
      const costs = of(name).map(({ cost }) => cost)
      const verdict = index === 0 && name === 'tercet' && medians[0]! > scenario.target ? ' **over**' : ''
      return `${show(medians[index]!)} (${show(Math.min(...costs))}–${show(Math.max(...costs))})${verdict}`
    }),
    ...(servers.length > 1 ? [`${(medians[1]! / medians[0]!).toFixed(1)} ×`] : []),
    each(servers, of, ({ perSecond }) => perSecond && `${Math.round(perSecond).toLocaleString('en')}/s`),
    each(servers, of, ({ p50Ms, p99Ms }) => p50Ms && p99Ms && `${p50Ms.toFixed(2)} / ${p99Ms.toFixed(2)}`),
    each(servers, of, ({ turns }) => turns),
    first[0]?.generator === undefined ? '' : show(median(first.map(({ generator }) => generator ?? 0))),
  ]
  return row(cells)
}

/** A fact of each server's median round. */
function each(
  servers: readonly string[],
  of: (name: string) => readonly Round[],
  fact: (round: Round) => string | number | undefined,
): string {
  return servers
    .map(name => {
      const sorted = [...of(name)].sort((a, b) => a.cost - b.cost)
      const middle = sorted[sorted.length >> 1]
      return middle === undefined ? '' : String(fact(middle) ?? '')
    })
    .filter(text => text !== '')
    .join(' · ')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? NaN
}

function show(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}
