/** The program as users run it: child processes in a temporary folder. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A line of the log. */
export type Line = Readonly<Record<string, unknown>> & { readonly msg: string }

/** A folder with a configuration on free ports, and what runs there. */
export class Home implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tercet-cli-'))
  readonly config = join(this.folder, 'tercet.toml')
  readonly #children = new Set<ChildProcess>()

  constructor(more = '') {
    const anywhere = 'c2s = ["127.0.0.1:0"]\nc2s_tls = ["127.0.0.1:0"]\nhttp = ["127.0.0.1:0"]\n'
    this.#configure(['a.test', 'b.test'], more.includes('[listen]') ? more : `[listen]\n${anywhere}${more}`)
  }

  /** A server of one domain. @param listen further lines of that table @param more further tables */
  static of(domain: string, listen: string, more = ''): Home {
    const home = new Home()
    home.#configure([domain], `[listen]\nc2s = ["127.0.0.1:0"]\n${listen}\n${more}`)
    return home
  }

  #configure(domains: readonly string[], more: string): void {
    const hosts = domains.map(domain => `[[host]]\nname = "${domain}"\n`).join('')
    this.write('tercet.toml', `data = "data"\n${hosts}[auth]\niterations = 4096\n${more}`)
  }

  /** Writes a file and gives its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /** Runs a command of this configuration to its end. */
  run(...args: string[]): Promise<Ended> {
    return this.runAs([...args, '--config', this.config])
  }

  /** Runs a command with exactly these arguments, in the folder. */
  async runAs(args: readonly string[]): Promise<Ended> {
    const child = this.#spawn(args)
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', chunk => (stdout += String(chunk)))
    child.stderr?.on('data', chunk => (stderr += String(chunk)))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, stderr }
  }

  /** Starts the server and waits until it is ready. @throws {Error} with its errors if it ends before */
  start(...args: string[]): Promise<RunningServer> {
    return this.startAs(['start', ...args, '--config', this.config])
  }

  /** Starts the server and does not wait for it. */
  launch(...args: string[]): RunningServer {
    return new RunningServer(this.#spawn([...args, '--config', this.config]))
  }

  /** Like {@link start}, with exactly these arguments. */
  async startAs(args: readonly string[]): Promise<RunningServer> {
    const server = new RunningServer(this.#spawn(args))
    await server.until(line => line.msg === 'ready')
    return server
  }

  #spawn(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, ['--conditions=@tercet/source', main, ...args], {
      cwd: this.folder,
      // Commands are many and short: most of their time is spent on reading sources.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'tercet-compile-cache') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#children].map(child => {
        child.kill('SIGKILL')
        return once(child, 'exit')
      }),
    )
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A server process. */
export class RunningServer {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  stdout = ''
  stderr = ''
  #wake: (() => void) | undefined

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.on('data', chunk => {
      this.stdout += String(chunk)
      this.#wake?.()
    })
    child.stderr?.on('data', chunk => (this.stderr += String(chunk)))
    this.exited = once(child, 'close').then(([code]) => {
      this.#wake?.()
      return code as number | null // of the close event
    })
  }

  get lines(): Line[] {
    const complete = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1)
    // Our own log.
    return complete
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as Line)
  }

  /** The first line that `matches`, once it is there. */
  async until(matches: (line: Line) => boolean): Promise<Line> {
    const ended = this.exited.then(() => 'ended' as const)
    for (;;) {
      const line = this.lines.find(matches)
      if (line) return line
      const more = new Promise<void>(resolve => (this.#wake = resolve))
      if ((await Promise.race([more, ended])) === 'ended' && !this.lines.some(matches))
        throw new Error(this.stderr || `The server ended: ${this.stdout}`)
    }
  }

  /** The port of the first socket of an option. */
  port(option: string): number {
    const line = this.lines.find(({ msg, option: of }) => msg === 'Listening' && of === `listen.${option}`)
    return Number(String(line?.['address']).split(':').at(-1))
  }

  /** Sends a signal and gives the exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return this.exited
  }
}
