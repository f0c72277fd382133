/** A screen that nobody sees, for programs with windows. */

import { mkdirSync } from 'node:fs'
import { temporaryHome } from './home.ts'
import { Peer, requireProgram } from './processes.ts'
import { waitFor } from './wait.ts'

export interface Display extends AsyncDisposable {
  /** What DISPLAY is to be. */
  readonly name: string
}

/** Starts Xvfb on a number of its own choice. */
export async function openDisplay(): Promise<Display> {
  const program = requireProgram('Xvfb', 'xvfb')
  const home = temporaryHome('display')
  // Root may make it; else it has to be there.
  mkdirSync('/tmp/.X11-unix', { recursive: true, mode: 0o1777 })
  const screen = ['-screen', '0', '1280x900x24', '-nolisten', 'tcp', '-noreset']
  const server = new Peer(program, ['-displayfd', '1', ...screen], { env: home.env, cwd: home.path })
  const stop = async () => {
    await server.stop({ graceMs: 2_000 })
    home[Symbol.dispose]()
  }
  try {
    const number = await waitFor(
      'Xvfb says its number',
      () => {
        if (server.ended) throw new Error(`Xvfb ended at once\n${server.output}`)
        return /^(\d+)$/mu.exec(server.output)?.[1]
      },
      { evidence: () => server.output },
    )
    return { name: `:${number}`, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}
