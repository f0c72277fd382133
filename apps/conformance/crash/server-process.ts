/** The server program as a child process that tests start, kill and start again on the same data. */

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = new URL('../../server/src/main.ts', import.meta.url).pathname

/** How a server is started; see its test switches for `env`. */
export interface ServerProcessOptions {
  /** Where the data goes, default a folder in the system's temporary one. */
  readonly data?: string
  readonly env?: Readonly<Record<string, string>>
  /** A command that runs the server, like `strace -f`; default none. */
  readonly wrap?: readonly string[]
  /** More lines of the configuration. */
  readonly config?: string
}

/** One data folder and the server that runs on it. Plaintext on a free port of 127.0.0.1, domain `a.test`. */
export class ServerProcess implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tercet-crash-'))
  readonly domain = 'a.test'
  port = 0
  #options: ServerProcessOptions
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #output = ''

  private constructor(options: ServerProcessOptions) {
    this.#options = options
  }

  /** Makes a data folder with accounts, not started. */
  static async prepare(accounts: readonly { local: string; password: string }[], options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(options)
    server.port = await freePort()
    server.#writeConfig()
    const list = join(server.folder, 'accounts.csv')
    writeFileSync(list, accounts.map(({ local, password }) => `${local}@${server.domain},${password}\n`).join(''))
    await server.#run(['account', 'import', list, '--config', server.#configFile])
    return server
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('The server is not running')
    return pid
  }

  /** What the server has written so far. */
  get output(): string {
    return this.#output
  }

  get #configFile(): string {
    return join(this.folder, 'tercet.toml')
  }

  get data(): string {
    return this.#options.data ?? join(this.folder, 'data')
  }

  #writeConfig(): void {
    writeFileSync(
      this.#configFile,
      [
        `data = ${JSON.stringify(this.data)}`,
        '[[host]]',
        `name = "${this.domain}"`,
        '[listen]',
        `c2s = ["127.0.0.1:${this.port}"]`,
        'c2s_tls = []',
        'http = []',
        '[c2s]',
        'require_tls = false',
        '[auth]',
        'iterations = 4096',
        this.#options.config ?? '',
        '',
      ].join('\n'),
    )
  }

  /** Starts the server and waits until it takes connections. */
  async start(changes: Pick<ServerProcessOptions, 'env' | 'wrap'> = {}): Promise<void> {
    const [command, ...args] = this.#command(['start', '--config', this.#configFile], { ...this.#options, ...changes })
    const child = spawn(command!, args, {
      env: { ...process.env, ...this.#options.env, ...changes.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#output = ''
    child.stdout.on('data', chunk => (this.#output += String(chunk)))
    child.stderr.on('data', chunk => (this.#output += String(chunk)))
    let gone = false
    this.#exited = new Promise(resolve =>
      child.once('exit', () => {
        gone = true
        resolve()
      }),
    )
    for (let attempt = 0; attempt < 600; attempt++) {
      if (gone) throw new Error(`The server did not start:\n${this.#output}`)
      if (await takesConnections(this.port)) return
      await new Promise(resolve => setTimeout(resolve, 25))
    }
    throw new Error(`The server takes no connections:\n${this.#output}`)
  }

  /** `kill -9`, or another signal; resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child?.kill(signal)
    await this.#exited
    this.#child = undefined
  }

  #command(args: readonly string[], { wrap = [] }: ServerProcessOptions): string[] {
    return [...wrap, process.execPath, '--conditions=@tercet/source', main, ...args]
  }

  async #run(args: readonly string[]): Promise<void> {
    const [command, ...rest] = this.#command(args, {})
    const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.on('data', chunk => (errors += String(chunk)))
    const code = await new Promise(resolve => child.once('exit', resolve))
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${errors}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>(resolve => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('No port')
  return address.port
}

async function takesConnections(port: number): Promise<boolean> {
  const { connect } = await import('node:net')
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
