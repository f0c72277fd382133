/** Bounds on guessing passwords: by account and network together, by network, and by account from everywhere. */

import { SaslError, type Awaitable, type Credentials } from '@tercet/sasl'
import type { Stream, TimerWheel } from '@tercet/stream'
import { isFull, LeakyCounts, type LeakyCount } from './leaky-counts.ts'
import { KnownNetworks } from './known-networks.ts'
import { networkOf } from './network.ts'

/** Failures for one account from one network before it is refused there; one is forgotten a minute. */
const MAX_OF_PAIR = 10
const PAIR_LEAK_MS = 60_000
/** Failures from one network, whatever the account, before it is refused; one is forgotten every twelve seconds. */
const MAX_OF_NETWORK = 50
/** Failures for one account from everywhere before attempts from networks that it does not know are slowed down. */
const MAX_OF_ACCOUNT = 50
const LEAK_MS = 12_000
/** From the third failure on an answer waits this long. */
const FREE_FAILURES = 2
const DELAY_MS = 1000
/** What an attempt waits at most before it is decided; a login has 30 seconds. */
const MAX_DELAYS = 10
/** Attempts for one account from a network that it knows that are under way; more wait for one of them. */
const MAX_PARALLEL = 50
/** Keys of each kind that are remembered. */
const MAX_REMEMBERED = 20_000

/** One attempt to log in, from the moment when it is known for which account. */
interface Attempt {
  readonly account: string
  readonly network: string
  readonly counts: readonly LeakyCount[]
}

/**
 * Remembers who failed to log in: delays answers, then refuses. An attempt that is under way counts like a failure where the account is not
 * known, so that many at once find out no more than one after the other; where it is, so many are looked at together and the rest wait.
 *
 * Nobody can lock somebody else out. What is refused is an account from one network, or all that a network has to say; what others do to the
 * account from elsewhere costs delay. And a network that has logged in to the account before is never refused there: where it would be, its
 * attempts wait.
 */
export class LoginGuard {
  readonly #wheel: TimerWheel
  readonly #pairs = new LeakyCounts(MAX_OF_PAIR, PAIR_LEAK_MS, MAX_REMEMBERED)
  readonly #networks = new LeakyCounts(MAX_OF_NETWORK, LEAK_MS, MAX_REMEMBERED)
  readonly #accounts = new LeakyCounts(MAX_OF_ACCOUNT, LEAK_MS, MAX_REMEMBERED)
  readonly #known = new KnownNetworks()
  readonly #underWay = new WeakMap<Stream, Attempt>()

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel
  }

  /** `credentials` for one exchange on `stream`, with the bounds; whatever was under way there before is over. */
  watch(stream: Stream, domain: string, credentials: Credentials): Credentials {
    this.over(stream)
    const begin = (username: string): void | Promise<void> => this.#begin(stream, `${username}@${domain}`)
    return {
      ...credentials,
      scramKeys: (username, hash) => {
        const pending = begin(username)
        return pending
          ? pending.then(() => credentials.scramKeys(username, hash))
          : credentials.scramKeys(username, hash)
      },
      // Without the method there is no PLAIN.
      ...(credentials.verifyPassword && {
        verifyPassword: (username: string, password: string) => {
          const pending = begin(username)
          const verify = (): Awaitable<boolean> => credentials.verifyPassword!(username, password)
          return pending ? pending.then(verify) : verify()
        },
      }),
    }
  }

  /** The attempt on `stream` failed; the answer waits for the result. */
  failed(stream: Stream): void | Promise<void> {
    const attempt = this.#underWay.get(stream)
    if (!attempt) {
      // Nothing was said of an account, as with a token or a certificate.
      this.#networks.of(networkOf(stream.transport.remote.address), this.#wheel.now).count++
      return
    }
    const { now } = this.#wheel
    const pair = this.#pairs.of(pairOf(attempt), now)
    pair.count++
    this.#networks.of(attempt.network, now).count++
    this.#accounts.of(attempt.account, now).count++
    this.over(stream)
    if (Math.ceil(pair.count) > FREE_FAILURES) return this.#wait(1)
  }

  /** Somebody on `stream` has shown that the account is his. */
  succeeded(stream: Stream): void {
    const attempt = this.#underWay.get(stream)
    if (!attempt) return
    this.#known.add(attempt.account, attempt.network)
    // Else a client that was set right after some failures would still be slowed down by them.
    this.#pairs.of(pairOf(attempt), this.#wheel.now).count = 0
    this.over(stream)
  }

  /** The attempt on `stream` is over, if there is one: it was given up, or the stream is gone. */
  over(stream: Stream): void {
    const attempt = this.#underWay.get(stream)
    if (!attempt) return
    this.#underWay.delete(stream)
    for (const count of attempt.counts) {
      count.underWay--
      wake(count)
    }
  }

  /** @throws {SaslError} `temporary-auth-failure`: too much has failed from there */
  #begin(stream: Stream, account: string): void | Promise<void> {
    const network = networkOf(stream.transport.remote.address)
    const { now } = this.#wheel
    const pair = this.#pairs.of(pairOf({ account, network }), now)
    const known = this.#known.has(account, network)
    if (!known) {
      const all = this.#networks.of(network, now)
      if (Math.ceil(pair.count) >= pair.max || Math.ceil(all.count) >= all.max)
        throw new SaslError('temporary-auth-failure', { text: 'Too many failed attempts; try again later' })
      // What is under way may fail or not: who would come too late then waits for that.
      const busy = isFull(pair) ? pair : isFull(all) ? all : undefined
      if (busy) return this.#queue(busy, stream, account)
      const everywhere = this.#accounts.of(account, now)
      this.#enter(stream, { account, network, counts: [pair, all, everywhere] })
      return this.#slow(everywhere.count + everywhere.underWay - everywhere.max)
    }
    if (pair.underWay >= MAX_PARALLEL) return this.#queue(pair, stream, account)
    this.#enter(stream, { account, network, counts: [pair] })
    // What is under way is no reason to wait: many devices of one account come back at once when a link does.
    return this.#slow(pair.count - pair.max)
  }

  #queue(busy: LeakyCount, stream: Stream, account: string): Promise<void> {
    return new Promise<void>(resolve => (busy.waiting ??= []).push(resolve)).then(() =>
      this.#afterwards(busy, stream, account),
    )
  }

  /** The place that it waited for is free, and goes to the next one if it is of no use here. */
  #afterwards(busy: LeakyCount, stream: Stream, account: string): void | Promise<void> {
    try {
      if (!stream.open) throw new SaslError('aborted')
      const pending = this.#begin(stream, account)
      if (!this.#underWay.has(stream) && !isFull(busy)) wake(busy)
      return pending
    } catch (error) {
      wake(busy)
      throw error
    }
  }

  #enter(stream: Stream, attempt: Attempt): void {
    this.#underWay.set(stream, attempt)
    for (const count of attempt.counts) count.underWay++
  }

  /** Longer for each that is too many, up to what a login can wait. */
  #slow(excess: number): void | Promise<void> {
    if (excess > 0) return this.#wait(Math.min(Math.ceil(excess), MAX_DELAYS))
  }

  #wait(delays: number): Promise<void> {
    return new Promise(resolve => {
      this.#wheel.add({ due: () => (resolve(), 0) }, this.#wheel.now + delays * DELAY_MS)
    })
  }
}

function wake(count: LeakyCount): void {
  const next = count.waiting?.shift()
  if (count.waiting?.length === 0) count.waiting = undefined
  next?.()
}

function pairOf({ account, network }: { account: string; network: string }): string {
  return `${account} ${network}`
}
