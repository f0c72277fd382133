/** WebSockets that a domain's host-meta names for other servers (XEP-0156 1.4.0, XEP-0468 0.1.0, XEP-0487 0.1.0). */
import { transportError } from '../error.ts'
import { guardedFetch, type GuardedFetch, type GuardedFetchOptions } from '../guarded-fetch.ts'
import { absent, MAX_AGE_MS, Remembered, type Look } from './remembered.ts'

/** Asks a domain's web server where its WebSockets are. */
export interface WebSocketFinder {
  /** `wss:` addresses, the best first; none also when there is nothing to fetch. */
  find(domain: string, options: { readonly signal: AbortSignal }): Promise<readonly string[]>
}

/** More are not tried: each costs an attempt, and a stranger writes the list. */
const MAX_ADDRESSES = 4
/** What says nothing about its age is believed for so long. */
const AGE_MS = 3_600_000
const REL = 'urn:xmpp:alt-connections:s2s-websocket'

/** Makes a {@link WebSocketFinder}. Answers are kept for an hour, or as long as they say, a day at most. */
export function webSocketFinder(options: GuardedFetchOptions = {}): WebSocketFinder {
  const fetcher = guardedFetch(options)
  const known = new Remembered<readonly string[]>()
  return {
    find: async (domain, { signal }) => (await known.of(domain, () => look(fetcher, domain, signal))) ?? [],
  }
}

async function look(fetcher: GuardedFetch, domain: string, signal: AbortSignal): ReturnType<Look<readonly string[]>> {
  try {
    return readHostMeta(await fetcher(`https://${domain}/.well-known/host-meta.json`, signal))
  } catch (cause) {
    if (signal.aborted) throw transportError(cause)
    return absent
  }
}

interface Link {
  readonly rel?: unknown
  readonly href?: unknown
  readonly priority?: unknown
}

/** Reads a document. @throws {SyntaxError} it is no JSON · {TypeError} nor an object */
export function readHostMeta(text: string): { readonly value: readonly string[]; readonly ms: number } {
  const { links, xmpp } = JSON.parse(text) as { links?: unknown; xmpp?: { ttl?: unknown } | null }
  const ttl = xmpp?.ttl
  const found: { href: string; priority: number }[] = []
  // Whatever is in the list may be anything.
  for (const link of Array.isArray(links) ? (links as (Link | null)[]) : []) {
    if (link?.rel !== REL || typeof link.href !== 'string') continue
    if (URL.parse(link.href)?.protocol !== 'wss:') continue
    found.push({ href: link.href, priority: typeof link.priority === 'number' ? link.priority : 0 })
  }
  found.sort((a, b) => a.priority - b.priority)
  return {
    value: found.slice(0, MAX_ADDRESSES).map(({ href }) => href),
    ms: typeof ttl === 'number' && ttl >= 0 ? Math.min(ttl * 1000, MAX_AGE_MS) : AGE_MS,
  }
}
