/** A terminal program in a tmux of its own: keys are typed, the screen is read, as a person would. */

import type { Home } from './home.ts'
import { Peer, requireProgram, runToEnd } from './processes.ts'
import { waitFor } from './wait.ts'

const columns = 180
const rows = 120

export class Screen implements AsyncDisposable {
  readonly #tmux: string
  readonly #server: Peer
  readonly #env: NodeJS.ProcessEnv
  readonly #name: string

  private constructor(name: string, tmux: string, server: Peer, env: NodeJS.ProcessEnv) {
    this.#name = name
    this.#tmux = tmux
    this.#server = server
    this.#env = env
  }

  /** Starts tmux on a socket inside `home`, with `command` as its only program. */
  static async open(
    name: string,
    home: Home,
    command: readonly string[],
    extraEnv: NodeJS.ProcessEnv = {},
  ): Promise<Screen> {
    const tmux = requireProgram('tmux', 'tmux')
    const env = { ...home.env, ...extraEnv, TMUX_TMPDIR: home.path, TERM: 'xterm-256color' }
    // In the foreground, so that it is our child and ends with us; its end hangs up on the program.
    const server = new Peer(tmux, ['-D', '-u', '-L', 'tercet', '-f', '/dev/null'], { env, cwd: home.path })
    const screen = new Screen(name, tmux, server, env)
    try {
      await waitFor(
        'tmux answers',
        async () => {
          if (server.ended) throw new Error(`tmux ended at once\n${server.output}`)
          return screen.#call('set-option', '-g', 'remain-on-exit', 'on').then(
            () => true,
            () => false,
          )
        },
        { evidence: () => server.output },
      )
      const size = ['-x', String(columns), '-y', String(rows)]
      await screen.#call('new-session', '-d', ...size, 'env', '-u', 'TMUX', '-u', 'TMUX_PANE', ...command)
      return screen
    } catch (error) {
      await screen[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Types one line and presses Enter. */
  async type(line: string): Promise<void> {
    await this.#call('send-keys', '-l', '--', line, ';', 'send-keys', 'Enter')
  }

  /** The text on the screen without blank lines; lines that the terminal wrapped are joined. */
  async text(): Promise<string> {
    const lines = (await this.#call('capture-pane', '-p', '-J')).split('\n')
    return lines
      .filter(line => /[^\s│]/u.test(line))
      .map(line => line.trimEnd())
      .join('\n')
  }

  /** Whether the program has ended. */
  async ended(): Promise<boolean> {
    return this.#server.ended || (await this.#call('display-message', '-p', '#{pane_dead}')).trim() === '1'
  }

  /**
   * Waits until the screen shows `wanted` (text, pattern, or a rule for one line); `before` is typed ahead of every look.
   *
   * @throws {Error} the bound is met, the program has ended, or the screen shows `trouble`
   */
  async shows(
    wanted: string | RegExp | ((line: string) => boolean),
    { trouble, before = [] }: { trouble?: RegExp; before?: readonly string[] } = {},
  ): Promise<void> {
    await waitFor(
      `${this.#name} shows ${String(wanted)}`,
      async () => {
        for (const line of before) await this.type(line)
        const text = await this.text()
        if (matches(text, wanted)) return true
        if (trouble?.test(text)) throw new Error(`${this.#name} says\n${text}`)
        if (await this.ended()) throw new Error(`${this.#name} ended while we waited for ${String(wanted)}\n${text}`)
        return undefined
      },
      { everyMs: 100, evidence: () => this.text() },
    )
  }

  async waitForEnd(): Promise<void> {
    await waitFor(`${this.#name} ends`, () => this.ended(), { evidence: () => this.text() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill().catch(() => {})
    await this.#server.stop({ graceMs: 3_000 })
  }

  /** Not every program ends when its terminal hangs up. */
  async #kill(): Promise<void> {
    if (this.#server.ended || (await this.ended())) return
    const pid = Number(await this.#call('display-message', '-p', '#{pane_pid}'))
    // tmux makes each program the leader of its own group.
    if (pid > 1) process.kill(-pid, 'SIGKILL')
  }

  #call(...args: readonly string[]): Promise<string> {
    // -N: never start a second server because the first one is not there yet.
    return runToEnd(this.#tmux, ['-N', '-u', '-L', 'tercet', ...args], { env: this.#env, timeoutMs: 10_000 })
  }
}

function matches(text: string, wanted: string | RegExp | ((line: string) => boolean)): boolean {
  if (typeof wanted === 'string') return text.includes(wanted)
  return wanted instanceof RegExp ? wanted.test(text) : text.split('\n').some(wanted)
}
