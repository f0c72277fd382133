/** Keeps, over all files of a run, which share of each client's elements the server's scan handed over to sax. */

import { appendFileSync, readFileSync } from 'node:fs'
import { inject } from 'vitest'
import type { HandoverShare } from './servers/server-under-test.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The file in which all workers of a run note their lines; see summary.setup.ts. */
    handoverFile: string
  }
}

interface Noted extends HandoverShare {
  readonly client: string
}

/** Adds one behaviour's figures to the table of the run and gives the end of its printed line; empty where nothing is known. */
export function noteHandover(client: string, shares: readonly (HandoverShare | undefined)[]): string {
  const known = shares.filter(share => share !== undefined)
  const elements = known.reduce((sum, share) => sum + share.elements, 0)
  const handedOver = known.reduce((sum, share) => sum + share.handedOver, 0)
  if (elements === 0) return ''
  const noted: Noted = { client, elements, handedOver }
  appendFileSync(inject('handoverFile'), `${JSON.stringify(noted)}\n`)
  return `; ${percent(noted)} of its ${elements} elements handed over`
}

/** The table of a run, one row per client; undefined when nothing was noted. */
export function handoverTable(file: string): string | undefined {
  const sums = new Map<string, HandoverShare>()
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    // Lines are written by noteHandover alone.
    const { client, elements, handedOver } = JSON.parse(line) as Noted
    const sum = sums.get(client) ?? { elements: 0, handedOver: 0 }
    sums.set(client, { elements: sum.elements + elements, handedOver: sum.handedOver + handedOver })
  }
  if (sums.size === 0) return undefined
  const rows = [...sums].map(([client, sum]) => [client, `${sum.elements}`, `${sum.handedOver}`, percent(sum)])
  const table = [['client', 'elements', 'handed over', 'share'], ...rows]
  const widths = [0, 1, 2, 3].map(column => Math.max(...table.map(row => row[column]?.length ?? 0)))
  const lines = table.map(row =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  return `What the scan handed over to sax\n${lines.join('\n')}`
}

function percent({ elements, handedOver }: HandoverShare): string {
  return `${((handedOver / elements) * 100).toFixed(1)} %`
}
