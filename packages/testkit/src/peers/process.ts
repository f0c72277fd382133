/** A server in a child process: started, waited for by connecting, ended in bounded time. */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { connect } from 'node:net'

/** A child process that is surely gone after `stop`. */
export interface RunningProcess {
  readonly pid: number
  /** Resolves to how it ended, by itself or not. */
  readonly exited: Promise<string>
  /** Asks it to end (SIGTERM), insists after five seconds (SIGKILL). */
  stop(): Promise<void>
  /** Ends it at once (SIGKILL), as a crash would. */
  kill(): Promise<void>
}

/** Starts a program whose output goes to `logFile`. @throws {Error} it cannot be started */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: { cwd?: string; logFile: string },
): Promise<RunningProcess> {
  const log = createWriteStream(options.logFile, { flags: 'a' })
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const exited = new Promise<string>(resolve => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${String(code)}`))
    child.once('error', error => resolve(error.message))
  })
  void exited.then(() => log.end())
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    const insist = setTimeout(() => child.kill('SIGKILL'), 5000)
    await exited
    clearTimeout(insist)
  }
  return { pid: child.pid ?? 0, exited, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

/**
 * Waits until something listens on a port of 127.0.0.1.
 *
 * @throws {Error} the process ended first, or `timeoutMs` (default 20 000) passed
 */
export async function reachable(port: number, process: RunningProcess, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  let ended: string | undefined
  void process.exited.then(how => (ended = how))
  while (!(await accepts(port))) {
    if (ended !== undefined) throw new Error(`the server ended before it listened on port ${port}: ${ended}`)
    if (performance.now() > deadline)
      throw new Error(`the server does not listen on port ${port} after ${timeoutMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    const settle = (found: boolean) => {
      socket.destroy()
      resolve(found)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
