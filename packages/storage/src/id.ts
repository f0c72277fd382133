/** Archive ids: milliseconds, a random epoch of the process and a counter, so that none is ever issued twice. */

/** Digits in the order of their code points, so that text order is number order. */
const digits = '0123456789abcdefghijklmnopqrstuv'
/** So many in a millisecond; with fewer than 43 bits of milliseconds, until 2109, an id's place is an exact number. */
const counterLimit = 2_048
const counters = Array.from({ length: counterLimit }, (_, value) => value.toString(32).padStart(4, '0'))
const epochDigits = 13
const shape = /^[0-9a-v]{27}$/
/** Ten digits hold no more; a clock beyond the year 37,000 is ignored. */
const msLimit = 32 ** 10

/**
 * Makes a source of ids: 27 characters (10 of milliseconds, 13 of a random epoch of 65 bits, 4 of a counter), each greater than
 * the one before in the order of their text, whatever the clock does. A clock that steps back is waited for by the counter; after
 * a restart the epoch differs, so an id never returns even if the clock is behind the last one issued.
 *
 * @param clock milliseconds since 1970, default `Date.now`
 * @param newestMs ids are later than this; see `Storage.newestMs`
 */
export function createIdSource(clock: () => number = Date.now, newestMs = -1): () => string {
  const epoch = Array.from(crypto.getRandomValues(new Uint8Array(epochDigits)), byte => digits.charAt(byte & 31)).join(
    '',
  )
  let lastMs = newestMs
  // As if the milliseconds before were used up.
  let counter = counterLimit
  let prefix = ''
  const advance = (ms: number): void => {
    lastMs = ms
    counter = 0
    prefix = fixedWidth(ms) + epoch
  }
  return () => {
    const nowMs = clock()
    if (nowMs >= lastMs + 1 && nowMs < msLimit) advance(Math.floor(nowMs))
    // A clock that never showed a time (NaN, before 1970) or a counter that is used up.
    else if (counter === counterLimit) advance(lastMs + 1)
    const id = prefix + counters[counter]!
    counter += 1
    return id
  }
}

/** What an id says. */
export interface IdParts {
  readonly ms: number
  readonly epoch: string
  readonly counter: number
  /** A number that grows with the ids of a source. */
  readonly place: number
}

/** Takes an id apart; undefined for what no source makes. */
export function readId(id: string): IdParts | undefined {
  if (!shape.test(id)) return undefined
  const ms = Number.parseInt(id.slice(0, 10), 32)
  const counter = Number.parseInt(id.slice(-4), 32)
  const place = ms * counterLimit + counter
  if (counter >= counterLimit || !Number.isSafeInteger(place)) return undefined
  return { ms, epoch: id.slice(10, -4), counter, place }
}

/** The first place of a millisecond. */
export function placeOf(ms: number): number {
  return Math.max(0, ms) * counterLimit
}

/** The id at a place; for adapters and tests. */
export function idAt(place: number, epoch: string = '0'.repeat(epochDigits)): string {
  return fixedWidth(Math.floor(place / counterLimit)) + epoch + counters[place % counterLimit]!
}

function fixedWidth(ms: number): string {
  return ms.toString(32).padStart(10, '0')
}
