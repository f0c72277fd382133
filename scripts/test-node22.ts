/** Runs the tests beside the sources of floors 0 to 3 on Node 22.13. Arguments go to vitest. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { floors } from '../floors.ts'
import { node22, node22Flags } from './node22.ts'

/** Floor 4 stands on these; its own tests run on the Node of the repository alone. */
const ROLES = ['client', 'server']

const root = join(import.meta.dirname, '..')
const folders = Object.keys(floors.packages).filter(name => !ROLES.includes(name))
const tests = folders.map(name => `packages/${name}/src/`)
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const child = spawn(await node22(), [vitest, 'run', '--project', 'unit', ...tests, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  // Workers and child processes of tests read TypeScript too.
  env: { ...process.env, NODE_OPTIONS: [...node22Flags, '--disable-warning=ExperimentalWarning'].join(' ') },
})
child.on('exit', code => (process.exitCode = code ?? 1))
