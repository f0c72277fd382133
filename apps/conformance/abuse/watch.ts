/** The bystander, from the outside: how quickly somebody else is served while a server is abused. */

import { fork, type ChildProcess } from 'node:child_process'
import { within } from '../crash/within.ts'
import { passwordOf, type Target } from './target.ts'

/** Times of pings in milliseconds. */
export interface Latency {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** A second client, in a process of its own: the CPU of those who abuse is not in its figures. */
export class Bystander implements Disposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start({ c2s, domain }: Target): Promise<Bystander> {
    const file = new URL('./bystander.ts', import.meta.url)
    const child = fork(file, [String(c2s), domain, 'watcher', passwordOf('watcher')], {
      execArgv: ['--conditions=@tercet/source'],
    })
    const bystander = new Bystander(child)
    await bystander.#message()
    return bystander
  }

  /** Forgets what was measured. */
  begin(): void {
    this.#child.send('begin')
  }

  /** What was measured since. */
  async tell(): Promise<Latency> {
    const told = this.#message()
    this.#child.send('tell')
    // It tells an array of numbers.
    const times = ((await told) as number[]).sort((a, b) => a - b)
    const at = (share: number): number =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Infinity
    return { count: times.length, p50: at(0.5), p99: at(0.99), max: at(1) }
  }

  #message(): Promise<unknown> {
    return within(
      20_000,
      'The bystander answers',
      new Promise((resolve, reject) => {
        const gone = (code: number | null): void =>
          reject(new Error(`The bystander has lost its stream (${String(code)})`))
        this.#child.once('exit', gone)
        this.#child.once('message', message => {
          this.#child.off('exit', gone)
          resolve(message)
        })
      }),
    )
  }

  [Symbol.dispose](): void {
    this.#child.kill()
  }
}
