/** The server program as a child process that is watched from outside: its memory, its descriptors, its sessions, and its log. */

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until, within } from '../crash/within.ts'

const main = new URL('../../server/src/main.ts', import.meta.url).pathname
const START_MS = 30_000
const ANSWER_MS = 10_000

/** Every account; its password is `secret-` and its name. */
export const accounts = ['watcher', 'mallory', 'trudy', 'oscar', 'victim', 'nobody'] as const

/** The password of an account: it must not be found in the log. */
export function passwordOf(local: string): string {
  return `secret-${local}`
}

/** What the server says of itself, of which these tests read a part. */
export interface Status {
  readonly sessions: number
  readonly hibernating: number
  readonly streams: number
  readonly timers?: number
  readonly backlog: number
}

/** Figures that must be as before when an abuse is over. */
export interface Figures {
  readonly rssMiB: number
  readonly descriptors: number
  readonly sessions: number
  readonly streams: number
  readonly timers: number | undefined
}

/** One line of the log. */
export interface LogLine {
  readonly level: number | string
  readonly msg: string
  readonly stream?: string
  readonly [fact: string]: unknown
}

/** A server with plain, direct TLS and HTTP ports on 127.0.0.1, for the domain `a.test`. */
export class Target implements AsyncDisposable {
  readonly domain = 'a.test'
  readonly folder = mkdtempSync(join(tmpdir(), 'tercet-abuse-'))
  c2s = 0
  tls = 0
  http = 0
  #child: ChildProcess | undefined
  #output = ''

  /** Makes the accounts and starts the program. */
  static async start(): Promise<Target> {
    const target = new Target()
    try {
      target.c2s = await freePort()
      target.tls = await freePort()
      target.http = await freePort()
      await target.#prepare()
      await target.#start()
    } catch (error) {
      await target[Symbol.asyncDispose]()
      throw error
    }
    return target
  }

  get #config(): string {
    return join(this.folder, 'tercet.toml')
  }

  async #prepare(): Promise<void> {
    writeFileSync(
      this.#config,
      [
        'data = "data"',
        `[[host]]\nname = "${this.domain}"`,
        '[listen]',
        `c2s = ["127.0.0.1:${this.c2s}"]`,
        `c2s_tls = ["127.0.0.1:${this.tls}"]`,
        `http = ["127.0.0.1:${this.http}"]`,
        '[c2s]',
        'require_tls = false',
        'login_seconds = 3',
        '[auth]',
        'iterations = 4096',
        '',
      ].join('\n'),
    )
    const list = join(this.folder, 'accounts.csv')
    writeFileSync(list, accounts.map(local => `${local}@${this.domain},${passwordOf(local)}\n`).join(''))
    const child = spawn(process.execPath, program(['account', 'import', list, '--config', this.#config]), {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const code = await within(START_MS, 'Making accounts', new Promise(resolve => child.once('exit', resolve)))
    if (code !== 0) throw new Error(`Making accounts ended with ${String(code)}`)
  }

  async #start(): Promise<void> {
    const child = spawn(process.execPath, program(['start', '--config', this.#config, '--log-level', 'debug']), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stdout.on('data', chunk => (this.#output += String(chunk)))
    child.stderr.on('data', chunk => (this.#output += String(chunk)))
    await until(START_MS, 'The server is ready', () => {
      if (!this.running) throw new Error(`The server did not start:\n${this.#output}`)
      return this.#output.includes('"ready"')
    })
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Everything that was written to standard output and standard error. */
  get output(): string {
    return this.#output
  }

  /** The lines of the log since `from` characters of {@link output}. */
  lines(from = 0): LogLine[] {
    return (
      this.#output
        .slice(from)
        .split('\n')
        .filter(line => line.startsWith('{') && line.endsWith('}'))
        // pino writes objects with at least these.
        .map(line => JSON.parse(line) as LogLine)
    )
  }

  /** Asks the server over its local socket, as `tercet status --json` does. */
  async status(): Promise<Status> {
    const socket = connect(join(this.folder, 'data', 'control.sock'))
    try {
      let text = ''
      const line = new Promise<string>((resolve, reject) => {
        socket.on('error', reject)
        socket.on('data', chunk => {
          text += String(chunk)
          if (text.includes('\n')) resolve(text)
        })
        socket.on('close', () => reject(new Error('The local socket was closed')))
      })
      socket.write('{"operation":"status","input":{}}\n')
      // The answer of the operation `status`.
      return (JSON.parse(await within(ANSWER_MS, 'The status', line)) as { result: Status }).result
    } finally {
      socket.destroy()
    }
  }

  /** How the server is now. */
  async figures(): Promise<Figures> {
    const { sessions, streams, timers } = await this.status()
    return { rssMiB: this.rssMiB, descriptors: await this.#descriptors(), sessions, streams, timers }
  }

  get rssMiB(): number {
    const pid = this.#pid
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(rss) / 1024
  }

  /** Without that of the local socket, over which the status was asked a moment ago. */
  async #descriptors(): Promise<number> {
    let before = -1
    for (;;) {
      const now = readdirSync(`/proc/${this.#pid}/fd`).length
      if (now === before) return now
      before = now
      await new Promise(resolve => setTimeout(resolve, 30))
    }
  }

  get #pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined || !this.running) throw new Error(`The server is not running:\n${this.#output.slice(-4000)}`)
    return pid
  }

  /** Ends it by a signal and gives the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child
    if (!child || !this.running) return child?.exitCode ?? null
    const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
    child.kill('SIGTERM')
    return within(START_MS, 'The server ends', exited)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
    return Promise.resolve()
  }
}

function program(args: readonly string[]): string[] {
  return ['--conditions=@tercet/source', main, ...args]
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>(resolve => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('No port')
  return address.port
}
