/** Starts a server on a copy of prepared data, and leaves nothing behind. */

import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts, reachable, startProcess } from '@tercet/testkit'
import type { Ground } from '../ground.ts'
import type { BenchServer } from './server.ts'

/** How a server is started: the folder holds a copy of `template`. */
export interface Command {
  readonly name: string
  readonly template: string
  command(folder: string, port: number): Promise<readonly [file: string, ...args: string[]]>
}

/** @throws {Error} it ends before it listens; its last output is in the message */
export async function startServer(ground: Ground, { name, template, command }: Command): Promise<BenchServer> {
  const folder = await mkdtemp(join(ground.folder, `${name}-`))
  await cp(template, folder, { recursive: true })
  const [port = 0] = await freePorts(1)
  const [file, ...args] = await command(folder, port)
  const logFile = join(folder, 'output.log')
  const running = await startProcess(file, args, { cwd: folder, logFile })
  try {
    await reachable(port, running)
  } catch (cause) {
    await running.kill()
    throw new Error(`${name} did not start: ${(await readFile(logFile, 'utf8')).slice(-2000)}`, { cause })
  }
  return {
    name,
    pid: running.pid,
    port,
    [Symbol.asyncDispose]: async () => {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
