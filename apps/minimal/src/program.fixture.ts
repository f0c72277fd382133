/** A program of this folder as a child process, for the tests. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Some seconds more than a busy machine needs to start Node. */
const PATIENCE_MS = 20_000

/** A running program; disposing ends it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  #output = ''
  #wake: () => void = () => {}

  /** @param file name beside this one */
  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const child = spawn(process.execPath, ['--conditions=@tercet/source', path, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#wake()
      })
    }
    child.on('exit', () => this.#wake())
    this.#child = child
  }

  /**
   * What the program prints, once it matches.
   *
   * @throws {Error} it ended before, or took too long; the text has what it printed
   */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    const tooLate = AbortSignal.timeout(PATIENCE_MS)
    tooLate.addEventListener('abort', () => this.#wake())
    for (;;) {
      const match = pattern.exec(this.#output)
      if (match) return match
      if (this.#child.exitCode !== null || this.#child.signalCode !== null || tooLate.aborted)
        throw new Error(`Waited in vain for ${String(pattern)}:\n${this.#output}`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
