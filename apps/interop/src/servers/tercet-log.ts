/** What Tercet's log tells of its XML readers: which share of an account's elements the scan handed over to sax. */

import { waitFor } from '../wait.ts'
import type { HandoverShare } from './server-under-test.ts'

/** The lines that count, as the server writes them at level debug. */
type Line =
  | { readonly msg: 'Resource bound'; readonly stream: string; readonly jid: string }
  | { readonly msg: 'Stream closed'; readonly stream: string; readonly scanned: number; readonly handedOver: number }

/**
 * Waits until all streams on which `jid` bound a resource are closed, and adds up what their readers took.
 *
 * @param output gives all that the server printed so far
 */
export async function handoverShare(jid: string, output: () => string): Promise<HandoverShare> {
  const find = () => added(output(), jid)
  return waitFor(`all streams of ${jid} are closed`, find, { evidence: () => output().slice(-4_000) })
}

function added(log: string, jid: string): HandoverShare | undefined {
  const open = new Set<string>()
  let elements = 0
  let handedOver = 0
  for (const line of lines(log)) {
    if (line.msg === 'Resource bound') {
      if (line.jid.startsWith(`${jid}/`)) open.add(line.stream)
    } else if (open.delete(line.stream)) {
      elements += line.scanned + line.handedOver
      handedOver += line.handedOver
    }
  }
  return open.size === 0 ? { elements, handedOver } : undefined
}

function* lines(log: string): Iterable<Line> {
  for (const text of log.split('\n')) {
    // The last line may not be whole yet.
    if (!/"msg":"(?:Resource bound|Stream closed)"\}$/u.test(text)) continue
    // The server's own words, by the pattern above.
    yield JSON.parse(text) as Line
  }
}
