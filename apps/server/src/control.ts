/**
 * The local socket of a running server: operations as lines of JSON. Who may open it may do everything, so it belongs to the
 * owner of the data folder alone.
 */

import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { createServer, type Server as SocketServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '@tercet/plugin'
import { z } from 'zod'
import {
  add,
  backup,
  createInvite,
  importAccounts,
  list,
  listInvites,
  listReports,
  passwd,
  remove,
  revokeInvite,
  s2sForget,
  s2sList,
  s2sTest,
  showPush,
  status,
  stop,
  testPush,
  type Ground,
  type Operation,
} from './operations/index.ts'
import { lines } from './lines.ts'
import { isForPeople, textForPeople, UserError } from './user-error.ts'

/** Longest request. */
const MAX_CHARACTERS = 4 * 1024 * 1024
/** Longest path of a socket that all systems take, less the byte that ends it. */
const MAX_PATH_BYTES = 103

// Inputs are checked against each operation's own shape before it runs.
const operations = new Map<string, Operation<never, unknown>>(
  [
    add,
    list,
    passwd,
    remove,
    importAccounts,
    backup,
    status,
    stop,
    s2sList,
    s2sTest,
    s2sForget,
    listReports,
    createInvite,
    listInvites,
    revokeInvite,
    showPush,
    testPush,
  ].map(each => [each.name, each as Operation<never, unknown>]),
)

/** Runs an operation by name. @throws {UserError} there is none, or its input is wrong · {Error} what it throws */
export function perform(ground: Ground, name: string, input: unknown): unknown {
  const operation = operations.get(name)
  if (!operation) throw new UserError(`There is no operation ${name}`)
  const parsed = operation.input.safeParse(input)
  if (!parsed.success) throw new UserError(`${name}: ${z.prettifyError(parsed.error)}`)
  return operation.run(ground, parsed.data)
}

/** A socket that takes operations. */
export interface Control {
  /** Takes no new requests; answers under way are still given. */
  close(): void
}

/** Opens the socket of a data folder, which the caller has locked: what is left there from before is nobody's. */
export async function openControl(folder: string, ground: Ground, logger: Logger): Promise<Control> {
  const place = controlPlace(folder)
  rmSync(place.path, { force: true })
  const server: SocketServer = createServer({ allowHalfOpen: true }, socket => serve(socket, ground, logger))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  // Made with the rights of the owner alone: binding happens inside of listen().
  const before = process.umask(0o177)
  try {
    server.listen(place.path, resolve)
  } finally {
    process.umask(before)
  }
  try {
    await promise
  } catch (error) {
    place.release()
    throw error
  }
  // A failure of accepting ends nothing but itself.
  server.off('error', reject).on('error', error => logger.warn({ err: error }, 'The local socket could not accept'))
  return {
    close() {
      server.close()
      rmSync(place.path, { force: true })
      place.release()
    },
  }
}

/** The path of a folder's socket. A long path is reached through a descriptor of its folder, where the system has those as files. */
export function controlPlace(folder: string): { readonly path: string; release(): void } {
  const path = join(folder, 'control.sock')
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES || process.platform !== 'linux') return { path, release() {} }
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  return { path: `/proc/self/fd/${descriptor}/control.sock`, release: () => closeSync(descriptor) }
}

const request = z.strictObject({ operation: z.string(), input: z.unknown() })

function serve(socket: Socket, ground: Ground, logger: Logger): void {
  socket.on('error', () => {}) // the command line is gone
  const answerAll = async (): Promise<void> => {
    for await (const line of lines(socket, MAX_CHARACTERS)) socket.write(`${JSON.stringify(await answer(line))}\n`)
    socket.end()
  }
  const answer = async (line: string): Promise<object> => {
    try {
      const { operation, input } = request.parse(JSON.parse(line))
      return { result: await perform(ground, operation, input) }
    } catch (error) {
      if (isForPeople(error)) return { error: textForPeople(error) }
      logger.error({ err: error }, 'An operation failed')
      return { error: 'The operation failed; the log of the server tells why' }
    }
  }
  answerAll().catch(() => socket.destroy())
}
