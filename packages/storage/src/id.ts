/** Archive ids: milliseconds, a random epoch of the process and a counter, so that none is ever issued twice. */

/** Digits in the order of their code points, so that text order is number order. */
const digits = '0123456789abcdefghijklmnopqrstuv'
const pairs = Array.from({ length: 1_024 }, (_, value) => digits.charAt(value >> 5) + digits.charAt(value & 31))
const counterLimit = 1_048_576
/** Ten digits hold no more; a clock beyond the year 37,000 is ignored. */
const msLimit = 32 ** 10

/**
 * Makes a source of ids: 27 characters (10 of milliseconds, 13 of a random epoch of 65 bits, 4 of a counter), each greater than
 * the one before in the order of their text, whatever the clock does. A clock that steps back is waited for by the counter; after
 * a restart the epoch differs, so an id never returns even if the clock is behind the last one issued.
 *
 * @param clock milliseconds since 1970, default `Date.now`
 */
export function createIdSource(clock: () => number = Date.now): () => string {
  const epoch = Array.from(crypto.getRandomValues(new Uint8Array(13)), byte => digits.charAt(byte & 31)).join('')
  let lastMs = -1
  let counter = 0
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
    else if (lastMs < 0 || counter === counterLimit) advance(lastMs + 1)
    const id = prefix + pairs[counter >> 10]! + pairs[counter & 1_023]!
    counter += 1
    return id
  }
}

function fixedWidth(ms: number): string {
  return ms.toString(32).padStart(10, '0')
}
