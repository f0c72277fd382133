/** The server program as a child process that tests start, kill and start again on the same data. */

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until, within } from './within.ts'

const main = new URL('../../server/src/main.ts', import.meta.url).pathname
const START_MS = 20_000
const END_MS = 30_000

/** An account to make. */
export interface AccountLine {
  readonly local: string
  /** Default: the server's first domain. */
  readonly domain?: string
}

/** How a server is started. */
export interface ServerProcessOptions {
  /** Where the data goes, default a folder beside the configuration. */
  readonly data?: string
  /** Modules that change the program before it starts, in its threads as well: switches of the test, not of the product. */
  readonly preload?: readonly URL[]
  /** Whether it listens for HTTP, default false. */
  readonly http?: boolean
  /** A command that runs the server in its own place, like `strace -D`; default none. */
  readonly wrap?: readonly string[]
}

/** One data folder and the server that runs on it. Plaintext on a free port of 127.0.0.1, domain `a.test`; passwords are `pw-` and the localpart. */
export class ServerProcess implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tercet-crash-'))
  readonly domain = 'a.test'
  readonly #domains = [this.domain]
  port = 0
  httpPort = 0
  readonly #options: ServerProcessOptions
  #child: ChildProcess | undefined
  #exited: Promise<number | null> = Promise.resolve(null)
  #output = ''

  private constructor(options: ServerProcessOptions) {
    this.#options = options
  }

  /** Makes a data folder with accounts, not started. */
  static async prepare(accounts: readonly AccountLine[], options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(options)
    try {
      server.port = await freePort()
      if (options.http) server.httpPort = await freePort()
      server.#writeConfig()
      await server.addAccounts(accounts)
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('The server is not running')
    return pid
  }

  /** What the server has written since it was last started. */
  get output(): string {
    return this.#output
  }

  get data(): string {
    return this.#options.data ?? join(this.folder, 'data')
  }

  get #configFile(): string {
    return join(this.folder, 'tercet.toml')
  }

  /** Serves another domain from the next start on. */
  addDomain(name: string): void {
    this.#domains.push(name)
    this.#writeConfig()
  }

  /** Makes accounts; the server must not be running. */
  async addAccounts(accounts: readonly AccountLine[]): Promise<void> {
    const list = join(this.folder, 'accounts.csv')
    const lines = accounts.map(({ local, domain = this.domain }) => `${local}@${domain},pw-${local}\n`)
    writeFileSync(list, lines.join(''))
    await this.#run(['account', 'import', list, '--config', this.#configFile])
  }

  #writeConfig(): void {
    writeFileSync(
      this.#configFile,
      [
        `data = ${JSON.stringify(this.data)}`,
        ...this.#domains.map(name => `[[host]]\nname = "${name}"`),
        '[listen]',
        `c2s = ["127.0.0.1:${this.port}"]`,
        'c2s_tls = []',
        `http = [${this.httpPort === 0 ? '' : `"127.0.0.1:${this.httpPort}"`}]`,
        '[c2s]',
        'require_tls = false',
        '[auth]',
        'iterations = 4096',
        // An error that tells of a full queue can be lost with the session that was to hear of it.
        '[limits]',
        'offline_messages = 1000000',
        '',
      ].join('\n'),
    )
  }

  /** Starts the server and waits until it takes connections. */
  async start(changes: Pick<ServerProcessOptions, 'preload' | 'wrap'> = {}): Promise<void> {
    const { preload = [], wrap = [] } = { ...this.#options, ...changes }
    const [command, ...args] = [...wrap, ...program(['start', '--config', this.#configFile])]
    const imports = preload.map(({ href }) => `--import=${href}`).join(' ')
    const child = spawn(command!, args, {
      env: { ...process.env, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${imports}`.trim() },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#output = ''
    child.stdout.on('data', chunk => (this.#output += String(chunk)))
    child.stderr.on('data', chunk => (this.#output += String(chunk)))
    let gone = false
    this.#exited = new Promise(resolve => {
      const over = (code: number | null): void => {
        gone = true
        resolve(code)
      }
      child.once('exit', over)
      child.once('error', error => {
        this.#output += String(error)
        over(null)
      })
    })
    await until(START_MS, 'The server takes connections', async () => {
      if (gone) throw new Error(`The server did not start:\n${this.#output}`)
      return takesConnections(this.port)
    })
  }

  /** `kill -9`, or another signal; resolves to the exit code when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    this.#child?.kill(signal)
    try {
      return await within(END_MS, `The server ends after ${signal}`, this.#exited)
    } finally {
      this.#child?.kill('SIGKILL')
      this.#child = undefined
    }
  }

  async #run(args: readonly string[]): Promise<void> {
    const [command, ...rest] = program(args)
    const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.on('data', chunk => (errors += String(chunk)))
    const exited = new Promise(resolve => child.once('exit', resolve))
    try {
      const code = await within(END_MS, args.join(' '), exited)
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${errors}`)
    } finally {
      child.kill('SIGKILL')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function program(args: readonly string[]): string[] {
  return [process.execPath, '--conditions=@tercet/source', main, ...args]
}

/** A free port below those that systems give to outgoing connections: it stays free while the server is down. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = createServer()
    const free = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise<void>(resolve => server.close(() => resolve()))
    return port
  }
}

async function takesConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
