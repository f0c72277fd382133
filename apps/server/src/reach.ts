/** How the command line reaches a data folder: through the server that runs on it, or alone, under its lock. */

import { connect, type Socket } from 'node:net'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createServer, type Files } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { openSqliteStorage } from '@tercet/storage-sqlite'
import type { Storage } from '@tercet/storage'
import type { Config, S3Config } from './config.ts'
import { controlPlace, perform } from './control.ts'
import { diskFiles } from './disk-files.ts'
import { linkInvites } from './invite/links.ts'
import { lines } from './lines.ts'
import type { Operation } from './operations/index.ts'
import { s3Files } from './s3-files.ts'
import { UserError } from './user-error.ts'
import { webPush } from './web-push/web-push.ts'

/** Longest answer. */
const MAX_CHARACTERS = 512 * 1024 * 1024
/** A folder that is locked by a process without a socket: one that starts, stops, or is another command. */
const TRIES = 150
const TRY_MS = 100

/** A data folder within reach. */
export interface Reached extends AsyncDisposable {
  readonly isRunning: boolean
  /** @throws {UserError} what the operation refuses */
  ask<I, O>(operation: Operation<I, O>, input: NoInfer<I>): Promise<O>
  /** Resolves when the running server has ended. */
  readonly ended: Promise<void>
}

/** Reaches the data folder of `config`. @throws {StorageError} `locked` by a process that does not listen · `newer-schema` · `failed` */
async function reach(config: Config): Promise<Reached> {
  for (let tried = 1; ; tried++) {
    const running = await reachRunning(config)
    if (running) return running
    try {
      return await reachAlone(config)
    } catch (error) {
      const isLocked = error instanceof Error && 'condition' in error && error.condition === 'locked'
      if (!isLocked || tried === TRIES) throw error
      await pause(TRY_MS)
    }
  }
}

/** Reaches the data folder of `config` for as long as `use` takes. @throws {Error} what `use` throws, and {@link reach} */
export async function reaching<T>(config: Config, use: (reached: Reached) => Promise<T>): Promise<T> {
  return during(await reach(config), use)
}

/** The same where a server has to run on it. @throws {UserError} none does */
export async function reachingRunning<T>(config: Config, use: (reached: Reached) => Promise<T>): Promise<T> {
  const reached = await reachRunning(config)
  if (!reached) throw new UserError(`No server is running on ${config.data}`)
  return during(reached, use)
}

async function during<T>(reached: Reached, use: (reached: Reached) => Promise<T>): Promise<T> {
  try {
    return await use(reached)
  } finally {
    await reached[Symbol.asyncDispose]()
  }
}

/** Reaches the server that runs on the data folder of `config`; undefined: there is none. */
async function reachRunning(config: Config): Promise<Reached | undefined> {
  const socket = await dialControl(config.data)
  if (!socket) return undefined
  const answers = lines(socket, MAX_CHARACTERS)
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()))
  return {
    isRunning: true,
    ended,
    async ask<I, O>({ name }: Operation<I, O>, input: I): Promise<O> {
      socket.write(`${JSON.stringify({ operation: name, input })}\n`)
      const line = await answers.next().catch(() => ({ done: true as const, value: undefined }))
      if (line.done) throw new UserError('The server ended before it answered')
      // True because both ends are the same program.
      const answer = JSON.parse(line.value) as { result: O } | { error: string }
      if ('error' in answer) throw new UserError(answer.error)
      return answer.result
    },
    async [Symbol.asyncDispose]() {
      socket.destroy()
      await ended
    },
  }
}

async function reachAlone(config: Config): Promise<Reached> {
  const storage = await openStorage(config)
  try {
    const server = await createServer({
      storage,
      hosts: config.hosts.map(name => ({ name, modules: standardModules })),
      iterations: config.iterations,
      limits: config.limits,
      files: filesOf(config),
      webPush: webPush(),
      moduleOptions: config.modules,
    })
    linkInvites(server, { url: config.http.url, at: config.listen.http[0] })
    return {
      isRunning: false,
      ended: Promise.resolve(),
      // What an operation gives is its own result.
      ask: async (operation, input) => (await perform({ server }, operation.name, input)) as never,
      async [Symbol.asyncDispose]() {
        await server.stop()
        await storage.close()
      },
    }
  } catch (error) {
    await storage.close()
    throw error
  }
}

/** Opens the storage of a data folder. */
export function openStorage(
  { data }: Config,
  logger?: Parameters<typeof openSqliteStorage>[0]['logger'],
): Promise<Storage> {
  return openSqliteStorage({ folder: data, ...(logger ? { logger } : {}) })
}

/** Where the uploaded files of a host are. @throws {UserError} the file with the secret of a bucket cannot be read */
export function filesOf({ data, s3 }: Pick<Config, 'data' | 's3'>): (domain: string) => Files {
  if (!s3) return domain => diskFiles(join(data, 'uploads', encodeURIComponent(domain)))
  const secretKey = secretOf(s3)
  return domain => s3Files({ ...s3, secretKey }, domain)
}

function secretOf({ secret }: S3Config): string {
  if ('key' in secret) return secret.key
  let key: string
  try {
    key = readFileSync(secret.file, 'utf8').trim()
  } catch (cause) {
    throw new UserError(`uploads.s3.secret_key_file: ${secret.file} cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
  if (key === '') throw new UserError(`uploads.s3.secret_key_file: ${secret.file} is empty`)
  return key
}

async function dialControl(folder: string): Promise<Socket | undefined> {
  if (!existsSync(folder)) return undefined
  const place = controlPlace(folder)
  try {
    return await new Promise<Socket | undefined>(resolve => {
      const socket = connect(place.path)
      socket.once('connect', () => resolve(socket.on('error', () => {})))
      socket.once('error', () => resolve(undefined))
    })
  } finally {
    place.release()
  }
}
