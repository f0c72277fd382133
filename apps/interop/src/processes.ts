/** Child processes of the tests: found by name, started in their own group, killed with everything they started. */

import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Finds a program on the PATH.
 *
 * @throws {Error} naming the Debian package to install; a missing peer fails a test and never skips it
 */
export function requireProgram(program: string, debianPackage: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const folder of [...folders, '/usr/sbin', '/usr/bin', '/usr/games']) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder: try the next one.
    }
  }
  throw new Error(
    `${program} is missing: install the Debian package ${debianPackage} (apt-get install ${debianPackage}, or scripts/install-debian.sh peers)`,
  )
}

/** Runs a short-lived command to its end and returns what it printed; default bound 30 000 ms. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  { env = process.env, timeoutMs = 30_000 }: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<string> {
  const { stdout } = await run(command, [...args], { env, timeout: timeoutMs, killSignal: 'SIGKILL' })
  return stdout
}

/** A test run that is killed tells nobody; the kernel then tells our children (setpriv is part of Debian's essential util-linux). */
const endWithUs = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : []

const living = new Set<ChildProcessWithoutNullStreams>()

// A test run that is cut short must not leave servers and clients behind.
process.on('exit', () => {
  for (const child of living) killGroup(child, 'SIGKILL')
})

function killGroup(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // The group is gone already.
  }
}

/** A long-running child, its output so far, and the certainty that it ends. */
export class Peer implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<void>
  #output = ''
  #hasEnded = false

  constructor(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}) {
    const [program = command, ...rest] = [...endWithUs, command, ...args]
    this.child = spawn(program, rest, { ...options, detached: true, stdio: 'pipe' })
    living.add(this.child)
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => void (this.#output += text))
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => void (this.#output += text))
    // A child that has ended refuses input: that shows in its output, not as a crash here.
    this.child.stdin.on('error', () => {})
    this.#ended = new Promise(resolve => {
      const end = () => {
        this.#hasEnded = true
        living.delete(this.child)
        resolve()
      }
      // Closed is when everything was read; a daemon that left the group may hold our pipes open for longer than that.
      this.child.on('exit', () => void setTimeout(end, 1_000).unref())
      this.child.on('close', end).on('error', error => {
        this.#output += `\n${error.message}`
        end()
      })
    })
  }

  /** Everything printed so far, both streams. */
  get output(): string {
    return this.#output
  }

  /** Whether the process is gone. */
  get ended(): boolean {
    return this.#hasEnded
  }

  /** Resolves when it is. */
  get gone(): Promise<void> {
    return this.#ended
  }

  /** Ends the process group: `signal`, and after `graceMs` (default 5 000) SIGKILL. */
  async stop({ signal = 'SIGTERM', graceMs = 5_000 }: { signal?: NodeJS.Signals; graceMs?: number } = {}) {
    if (this.#hasEnded) return
    killGroup(this.child, signal)
    const kill = setTimeout(() => killGroup(this.child, 'SIGKILL'), graceMs)
    await this.#ended
    clearTimeout(kill)
    killGroup(this.child, 'SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
