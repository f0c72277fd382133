/** What a server of ours tells of what it has sent to another one: how that was confirmed, and how much was not. */

import type { StreamStatus } from '@tercet/s2s'
import { domainOf } from './kinds.ts'
import type { FederatedServer } from './server.ts'

const domain = (server: FederatedServer) => domainOf('external', server.name)

/** Streams from `server` that carry what it sends to `other`; undefined: it does not tell. */
async function carriers(server: FederatedServer, other: FederatedServer): Promise<StreamStatus[] | undefined> {
  const all = await server.streams?.('external')
  const pair = `${domain(server)} → ${domain(other)}`
  return all?.find(it => it.domain === domain(other))?.streams.filter(({ pairs }) => pairs.includes(pair))
}

/** Whether all that was sent to `other` is confirmed or refused; one that does not tell has nothing. */
export async function isQuiet(server: FederatedServer, other: FederatedServer): Promise<boolean> {
  const all = await server.streams?.('external')
  return (all?.find(it => it.domain === domain(other))?.queued ?? 0) === 0
}

/** Whether no stream carries what it sends to `other`; one that does not tell has none. */
export async function isCut(server: FederatedServer, other: FederatedServer): Promise<boolean> {
  return ((await carriers(server, other)) ?? []).length === 0
}

/** What happened since a moment. */
export interface Confirmations {
  /** Stanzas that were confirmed on streams that ended. */
  readonly confirmed: number
  /** How stanzas were confirmed, in words of a table. */
  readonly by: string
  /** What was unconfirmed when streams ended, and when the server was started again, all of it; undefined: it is not told. */
  readonly window: number | undefined
}

/** Looks at what `server` does with what it sends to `other`, from now on. */
export async function watch(server: FederatedServer, other: FederatedServer): Promise<() => Promise<Confirmations>> {
  const from = server.log('external').length
  const before = new Map((await carriers(server, other))?.map(({ id, confirmed }) => [id, confirmed]))
  return async () => {
    const now = await carriers(server, other)
    if (!now) return { by: server.confirmation, confirmed: 0, window: undefined }
    let confirmed = 0
    const by = new Set(now.map(({ confirmation }) => confirmation as string))
    let window = 0
    const pair = `${domain(server)} ${domain(other)}`
    for (const line of server.log('external').slice(from).split('\n')) {
      if (!line.startsWith('{')) continue
      const said = JSON.parse(line) as Said
      if (said.msg === 'Stanzas of an earlier run wait for another server' && said.domain === domain(other))
        window += Math.min(said.stanzas ?? 0, server.windowStanzas ?? 0)
      if (said.msg === 'Another server has them, as it closes in order') by.add('orderly close')
      if (said.msg !== 'A stream of another server is over' || !said.pairs?.includes(pair)) continue
      window += said.unconfirmed ?? 0
      confirmed += (said.confirmed ?? 0) - (before.get(said.stream ?? '') ?? 0)
      if (said.confirmed !== undefined && said.confirmed > 0 && said.confirmation !== undefined)
        by.add(said.confirmation)
    }
    return { by: [...by].join(', '), confirmed, window }
  }
}

/** A line of the log, as far as it is of interest. */
interface Said {
  readonly msg: string
  readonly domain?: string
  readonly stream?: string
  readonly stanzas?: number
  readonly pairs?: readonly string[]
  readonly confirmation?: string
  readonly confirmed?: number
  readonly unconfirmed?: number
}
