/** A temporary home folder for one client: nothing that it writes outlives the test. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder, and the environment which makes a program believe that it lives there. */
export interface Home extends Disposable {
  readonly path: string
  /** HOME, XDG folders and a UTF-8 locale; the display and session bus of the machine are left out. */
  readonly env: NodeJS.ProcessEnv
}

/** Makes a fresh home below the temporary folder; disposing removes it with all content. */
export function temporaryHome(name: string): Home {
  const path = mkdtempSync(join(tmpdir(), `tercet-interop-${name}-`))
  const folder = (below: string) => {
    const made = join(path, below)
    mkdirSync(made, { recursive: true, mode: 0o700 })
    return made
  }
  return {
    path,
    env: {
      PATH: process.env['PATH'],
      HOME: path,
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      XDG_CONFIG_HOME: folder('.config'),
      XDG_DATA_HOME: folder('.local/share'),
      XDG_CACHE_HOME: folder('.cache'),
      XDG_STATE_HOME: folder('.local/state'),
      XDG_RUNTIME_DIR: folder('run'),
      TMPDIR: folder('tmp'),
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  }
}
