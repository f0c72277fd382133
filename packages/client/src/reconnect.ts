/** When to try again after a link was lost, and when not to. */

/** What a {@link ReconnectPolicy} may consider. */
export interface Attempt {
  /** 1 is the first attempt after the link was lost. */
  readonly number: number
  /** Why the link or the last attempt failed; undefined: the server ended the stream in order. */
  readonly reason: Error | undefined
}

/** Milliseconds to wait before an attempt; undefined gives up. */
export type ReconnectPolicy = (attempt: Attempt) => number | undefined

/** Options of {@link backoff}. */
export interface BackoffOptions {
  /** Bound of the first delay, default 1,000; it doubles with every attempt. */
  readonly firstMs?: number
  /** Bound of all delays, default 60,000. */
  readonly maxMs?: number
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/**
 * The default policy: a random delay under a bound that doubles, so that the clients of a restarted server do not come back all at
 * once. Gives up where trying again would only repeat the refusal, see {@link isFinal}.
 */
export function backoff({
  firstMs = 1000,
  maxMs = 60_000,
  random = Math.random,
}: BackoffOptions = {}): ReconnectPolicy {
  return ({ number, reason }) => {
    if (isFinal(reason)) return undefined
    const bound = Math.min(maxMs, firstMs * 2 ** Math.min(number - 1, 30))
    // At least a quarter, so that nobody hammers.
    return Math.round(bound * (0.25 + 0.75 * random()))
  }
}

/** What a server says about us that time does not change. Where somebody else may be in between, trying again costs nothing. */
const finalConditions: Readonly<Record<string, ReadonlySet<string>>> = {
  // Another client took our resource: coming back would only take it away again (RFC 6120 §4.9.3.3).
  StreamError: new Set([
    'conflict',
    'host-gone',
    'host-unknown',
    'invalid-namespace',
    'not-authorized',
    'unsupported-version',
  ]),
  SaslError: new Set(['account-disabled', 'credentials-expired', 'invalid-authzid', 'not-authorized']),
  TransportError: new Set(['service-absent']),
}

/** Whether the same attempt would end the same way: a wrong password, an unknown domain, a resource that another client took. */
export function isFinal(reason: Error | undefined): boolean {
  if (reason === undefined) return false
  // By name, since packages may be there twice: each of these has one of the two.
  const { condition, code } = reason as Error & { condition?: string; code?: string }
  return finalConditions[reason.name]?.has(condition ?? code ?? '') === true
}

/** Waits; keeps the process alive meanwhile, unlike the timer wheel: a bot that waits to reconnect is not done. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) {
      resolve()
      return
    }
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
