/** Racing connection attempts: a new one starts while the last still tries (RFC 8305 §5). */
import { TransportError, transportError } from './error.ts'
import type { Address } from './resolve.ts'

/** Options of {@link race}. */
export interface RaceOptions {
  /** An attempt gets this much of a head start. Default 250 (RFC 8305 §5). */
  readonly delayMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Attempts the candidates in order, each `delayMs` after the one before or as soon as that failed, and gives the first
 * success. The other attempts are aborted by their signal; what they bring nevertheless goes to `discard`.
 *
 * @throws {TransportError} `aborted`, or the first attempt's failure when all failed; `not-found` when there was no candidate
 */
export async function race<C, T>(
  candidates: AsyncIterable<C>,
  attempt: (candidate: C, signal: AbortSignal) => Promise<T>,
  discard: (late: T) => void,
  options: RaceOptions = {},
): Promise<T> {
  const { delayMs = 250, signal } = options
  const over = new AbortController()
  const given = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal])
  const won = Promise.withResolvers<T>()
  const failures: unknown[] = []
  let decided = false
  let running = 0
  let exhausted = false
  /** Resolves when the next attempt may start because one has failed. */
  let failed = Promise.withResolvers<void>()

  const settle = (outcome: () => void): void => {
    if (decided) return
    decided = true
    outcome()
    over.abort()
  }
  const giveUp = (): void => {
    if (exhausted && running === 0)
      settle(() => won.reject(failures[0] ?? new TransportError('not-found', 'No address to connect to')))
  }
  const start = (candidate: C): void => {
    running++
    attempt(candidate, given).then(
      result => {
        if (decided) discard(result)
        else settle(() => won.resolve(result))
      },
      (cause: unknown) => {
        running--
        failures.push(transportError(cause))
        failed.resolve()
        giveUp()
      },
    )
  }
  const abort = (): void =>
    settle(() => won.reject(new TransportError('aborted', 'Given up by the caller', { cause: signal?.reason })))
  const feed = async (): Promise<void> => {
    for await (const candidate of candidates) {
      if (decided) return
      failed = Promise.withResolvers()
      start(candidate)
      await headStart(delayMs, failed.promise, given)
    }
    exhausted = true
    giveUp()
  }

  if (signal?.aborted === true) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  feed().catch((cause: unknown) => {
    failures.unshift(transportError(cause))
    exhausted = true
    giveUp()
  })
  try {
    return await won.promise
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** Waits `delayMs`, but no longer than until `failed` or until all is over. */
async function headStart(delayMs: number, failed: Promise<void>, over: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, delayMs)
  over.addEventListener('abort', () => resolve(), { once: true })
  if (over.aborted) resolve()
  await Promise.race([promise, failed])
  clearTimeout(timer)
}

/** Addresses with the families taking turns, that of the first one first (RFC 8305 §4). */
export function interleave(addresses: readonly Address[]): Address[] {
  const first = addresses[0]?.family
  const mine = addresses.filter(({ family }) => family === first)
  const other = addresses.filter(({ family }) => family !== first)
  const turns: Address[] = []
  for (let index = 0; index < Math.max(mine.length, other.length); index++) {
    if (mine[index] !== undefined) turns.push(mine[index]!)
    if (other[index] !== undefined) turns.push(other[index]!)
  }
  return turns
}
