/** For the tests in the browser: a running server, and the client as a bundler makes it for a page. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build, type Rolldown } from 'vite'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** `ws:` address of a server that has `juliet@a.test` and `romeo@a.test`. */
    readonly webSocketUrl: string
    /** The password of both. */
    readonly password: string
    /** A module with everything that `page.ts` exports. */
    readonly bundle: string
  }
}

const password = 'Where art thou?'

/** Bundles and starts; what it returns ends the server. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('bundle', await bundlePage())
  project.provide('password', password)
  // A process of its own, which sees the sources.
  const script = join(import.meta.dirname, 'serve.ts')
  const server = spawn(process.execPath, ['--conditions=@tercet/source', script, password], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(server, 'exit')
  const lines = createInterface({ input: server.stdout })
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as unknown[]
  if (typeof line !== 'string') throw new Error('The server for the browser did not start')
  project.provide('webSocketUrl', line)
  return async () => {
    server.stdin.end()
    await exited
  }
}

/** What a user's bundler makes of the built packages; a module of Node in it is an error. */
async function bundlePage(): Promise<string> {
  const result = (await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'error',
    plugins: [
      {
        name: 'no modules of Node',
        enforce: 'pre',
        resolveId(source, importer) {
          // COMPAT(sax 1.6): it tries to have streams, and goes on without; bundlers give it an empty module.
          if (isBuiltin(source) && !importer?.includes('/sax/lib/'))
            throw new Error(`${importer ?? ''} imports ${source}, which no browser has`)
        },
      },
    ],
    build: { write: false, minify: false, target: 'es2022', lib: { entry: 'page.ts', formats: ['es'] } },
  })) as Rolldown.RolldownOutput[]
  const [chunk, ...more] = result.flatMap(({ output }) => output)
  if (chunk?.type !== 'chunk' || more.length > 0) throw new Error('One module was expected')
  return chunk.code
}
