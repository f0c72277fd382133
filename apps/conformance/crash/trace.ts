/** Reads the output of `strace -f -yy`: what a server wrote to its log of changes, when that was synced, and what left by its sockets. */

/** Something that happened, in the order in which strace saw it. */
export type TraceEvent =
  /** Bytes go to the write-ahead log, as strace prints them. */
  | { readonly kind: 'log'; readonly text: string }
  /** A sync of the write-ahead log begins. */
  | { readonly kind: 'syncBegan'; readonly thread: string }
  /** It returned without an error. */
  | { readonly kind: 'syncReturned'; readonly thread: string }
  /** Bytes go to a client; `port` is the client's. */
  | { readonly kind: 'socket'; readonly port: number; readonly text: string }

/** The calls to trace, for `strace -e`. */
export const tracedCalls = 'trace=fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg'

/** Reads lines such as `4711 fdatasync(25</data/tercet.db-wal>) = 0`, also those of calls that were interrupted and resumed. */
export function* traceEvents(lines: Iterable<string>): Generator<TraceEvent> {
  const syncing = new Set<string>()
  for (const line of lines) {
    const resumed = /^(\d+) +<\.\.\. (?:fsync|fdatasync) resumed>.*= (-?\d+)/.exec(line)
    if (resumed) {
      const [, thread = '', result] = resumed
      if (syncing.delete(thread) && result === '0') yield { kind: 'syncReturned', thread }
      continue
    }
    const call = /^(\d+) +(\w+)\(\d+<(.*?)>(?:, |\)| <)(.*)$/.exec(line)
    if (!call) continue
    const [, thread = '', name = '', file = '', rest = ''] = call
    if (name === 'fsync' || name === 'fdatasync') {
      if (!file.endsWith('-wal')) continue
      yield { kind: 'syncBegan', thread }
      if (line.includes('<unfinished ...>')) syncing.add(thread)
      else if (/= 0$/.test(line)) yield { kind: 'syncReturned', thread }
    } else if (file.endsWith('-wal')) {
      yield { kind: 'log', text: rest }
    } else {
      const port = /->[^>]*:(\d+)\]$/.exec(file)?.[1]
      if (port !== undefined) yield { kind: 'socket', port: Number(port), text: rest }
    }
  }
}

/** A client whose messages were traced: its port, and the ids of its stanzas in the order of sending. */
export interface TracedSender {
  readonly port: number
  readonly ids: readonly string[]
}

/** What came of the comparison. */
export interface OrderReport {
  /** `<a h='…'/>` that counted something new. */
  readonly acknowledgements: number
  /** Stanzas that they counted. */
  readonly counted: number
  readonly syncs: number
  /** One line for each stanza that was counted before the commit that holds it was on disk. */
  readonly violations: readonly string[]
}

/** Checks that each `<a h='n'/>` left after the sync of the commits that hold the sender's first n stanzas had returned (house rule: acknowledged means durable). */
export function checkOrder(events: Iterable<TraceEvent>, senders: readonly TracedSender[]): OrderReport {
  const byPort = new Map(senders.map(sender => [sender.port, sender]))
  const wanted = new Set(senders.flatMap(({ ids }) => ids))
  const written = new Set<string>()
  const syncing = new Map<string, string[]>()
  const durable = new Set<string>()
  const told = new Map<number, number>()
  const violations: string[] = []
  let acknowledgements = 0
  let counted = 0
  let syncs = 0
  for (const event of events) {
    switch (event.kind) {
      case 'log':
        for (const [, id = ''] of event.text.matchAll(/ id='([^']+)'/g)) if (wanted.has(id)) written.add(id)
        break
      case 'syncBegan':
        // What is written while it runs is for the next one.
        syncing.set(event.thread, [...written])
        break
      case 'syncReturned':
        syncs++
        for (const id of syncing.get(event.thread) ?? []) {
          durable.add(id)
          written.delete(id)
        }
        break
      case 'socket': {
        const sender = byPort.get(event.port)
        if (!sender) break
        for (const [, value] of event.text.matchAll(/<a [^>]*?\bh='(\d+)'/g)) {
          const h = Number(value)
          const before = told.get(event.port) ?? 0
          if (h <= before) continue
          told.set(event.port, h)
          acknowledgements++
          for (const id of sender.ids.slice(before, h)) {
            counted++
            if (!durable.has(id)) violations.push(`h='${h}' counted ${id} before its commit was on disk`)
          }
        }
      }
    }
  }
  return { acknowledgements, counted, syncs, violations }
}
