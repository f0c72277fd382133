/** How it stands with other domains, for operators. */

import type { Destination } from './destination.ts'
import type { Link } from './link.ts'

/** A stream of a domain. */
export interface StreamStatus {
  readonly direction: 'outgoing' | 'incoming' | 'both'
  readonly id: string
  readonly remote: string
  readonly encrypted: boolean
  readonly proof: string
  readonly certificate: string
  readonly confirmation: 'stream management' | 'ping'
  readonly unconfirmed: number
  /** Stanzas that were confirmed so far. */
  readonly confirmed: number
  /** `from → to` of each. */
  readonly pairs: readonly string[]
}

/** A remote domain. */
export interface DomainStatus {
  readonly domain: string
  readonly state: 'connected' | 'connecting' | 'waiting' | 'idle'
  /** Stanzas that wait or are unconfirmed. */
  readonly queued: number
  readonly characters: number
  readonly attempts: number
  /** Of the last attempt, if it failed. */
  readonly failure: string | undefined
  readonly streams: readonly StreamStatus[]
}

/** All remote domains, in the order of their names. */
export function statusOf(destinations: Iterable<Destination>, links: Iterable<Link>): DomainStatus[] {
  const streams = new Map<string, StreamStatus[]>()
  for (const link of links)
    for (const domain of domainsOf(link)) {
      const list = streams.get(domain) ?? []
      list.push(streamStatus(link))
      streams.set(domain, list)
    }
  const all = new Map<string, DomainStatus>()
  for (const destination of destinations) all.set(destination.domain, domainStatus(destination, streams))
  for (const [domain, list] of streams)
    if (!all.has(domain))
      all.set(domain, {
        domain,
        state: 'connected',
        queued: 0,
        characters: 0,
        attempts: 0,
        failure: undefined,
        streams: list,
      })
  return [...all.values()].sort((a, b) => (a.domain < b.domain ? -1 : 1))
}

function domainStatus(destination: Destination, streams: ReadonlyMap<string, StreamStatus[]>): DomainStatus {
  const lanes = [...destination.lanes.values()]
  const own = streams.get(destination.domain) ?? []
  const state = lanes.some(({ link }) => link)
    ? 'connected'
    : lanes.some(({ connecting }) => connecting)
      ? 'connecting'
      : destination.count > 0
        ? 'waiting'
        : own.length > 0
          ? 'connected'
          : 'idle'
  return {
    domain: destination.domain,
    state,
    queued: destination.count,
    characters: destination.characters,
    attempts: destination.failures,
    failure: destination.failure?.reason,
    streams: own,
  }
}

function streamStatus(link: Link): StreamStatus {
  const { facts, stream } = link
  const { address, port } = stream.transport.remote
  return {
    direction: facts.bidi ? 'both' : facts.direction,
    id: stream.id,
    remote: `${address}:${port}`,
    encrypted: stream.transport.tls !== undefined,
    proof: facts.proof,
    certificate: facts.verdict === undefined ? 'none' : facts.verdict.valid ? facts.verdict.by : facts.verdict.reason,
    confirmation: link.confirmation,
    unconfirmed: link.unconfirmed.size,
    confirmed: link.unconfirmed.confirmed,
    pairs: [...link.lanes.keys(), ...link.accepted].map(pair => pair.replace(' ', ' → ')),
  }
}

/** Remote ends of all its pairs. */
function domainsOf({ lanes, accepted }: Link): Set<string> {
  const domains = new Set<string>()
  for (const { destination } of lanes.values()) domains.add(destination.domain)
  for (const pair of accepted) domains.add(pair.slice(0, pair.indexOf(' ')))
  return domains
}
