/** tercet start: runs the server until it is told to stop. */

import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { Logger } from '@tercet/plugin'
import { loadConfig, warnings, type Config } from '../config.ts'
import type { Listening } from '../listeners.ts'
import { createLogger, levels, type Level } from '../logger.ts'
import { UserError } from '../user-error.ts'
import { configOption } from './options.ts'
import { welcome } from './welcome.ts'

/** A server that serves. */
export interface Serving {
  readonly listening: readonly Listening[]
  /** The host of the first account, and a link to make it; undefined once there is one. */
  firstInvite(): Promise<{ readonly domain: string; readonly link: string | undefined } | undefined>
  reloadCertificates(): void
  /** Ends everything in order; nothing is lost. */
  close(): Promise<void>
}

/** Composes and opens a server. */
export type Serve = (
  config: Config,
  around: { readonly logger: Logger; readonly shutDown: () => void },
) => Promise<Serving>

/** One Ctrl-C arrives twice, from the terminal and from the package manager that was started there. */
const SAME_SIGNAL_MS = 1000

/** The verb. */
export function start(serve: Serve): Command {
  return new Command('start')
    .description('run the server until it is stopped; SIGHUP reloads certificates')
    .addOption(configOption())
    .option('--pid-file <file>', 'write the process id of the server to this file once it takes connections')
    .addOption(new Option('--log-level <level>', 'least level of log lines').choices(levels).default('info'))
    .action(async (options: { config?: string; pidFile?: string; logLevel: Level }) => {
      const config = loadConfig(options.config)
      await run(config, serve, createLogger({ level: options.logLevel }), options.pidFile)
    })
}

async function run(config: Config, serve: Serve, logger: Logger, pidFile: string | undefined): Promise<void> {
  for (const text of warnings(config)) logger.warn({}, text)
  const end = new Ending(logger, pidFile)
  process.on('SIGINT', () => end.asked())
  process.on('SIGTERM', () => end.asked())
  // A promise that nobody watches ends its own work alone, so the others are served on.
  process.on('unhandledRejection', error => logger.error({ err: error }, 'A promise was rejected and nobody watched'))
  // After an exception in the middle of something nobody knows what else is true; what was acknowledged is on disk.
  process.on('uncaughtException', error => {
    logger.error({ err: error }, 'An exception was not caught: the server stops')
    void end.begin(1)
  })
  const starting = serve(config, { logger, shutDown: () => void end.begin(0) })
  end.watch(starting)
  const serving = await starting
  // It was told to stop meanwhile, and that is under way.
  if (end.begun) return
  process.on('SIGHUP', () => serving.reloadCertificates())
  try {
    if (pidFile !== undefined) writePid(pidFile)
  } catch (error) {
    await serving.close()
    throw error
  }
  await welcome(config, serving, logger)
  logger.info({ pid: process.pid, hosts: config.hosts }, 'ready')
}

/** @throws {UserError} the file cannot be written */
function writePid(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`)
    chmodSync(file, 0o644)
  } catch (cause) {
    throw new UserError(`${file} cannot be written: ${(cause as Error).message}`, { cause })
  }
}

/** The end of the process, which may be asked for at any time, also while the server starts. */
class Ending {
  readonly #logger: Logger
  readonly #pidFile: string | undefined
  #starting: Promise<Serving> | undefined
  #begunMs: number | undefined

  constructor(logger: Logger, pidFile: string | undefined) {
    this.#logger = logger
    this.#pidFile = pidFile
  }

  get begun(): boolean {
    return this.#begunMs !== undefined
  }

  watch(starting: Promise<Serving>): void {
    this.#starting = starting
  }

  /** By a signal: the first one ends in order, a later one at once. */
  asked(): void {
    if (this.#begunMs === undefined) void this.begin(0)
    else if (performance.now() - this.#begunMs >= SAME_SIGNAL_MS) process.exit(130)
  }

  async begin(code: number): Promise<void> {
    if (this.#begunMs !== undefined) return
    this.#begunMs = performance.now()
    this.#logger.info({}, 'Stopping')
    try {
      const serving = await this.#starting
      await serving?.close()
    } catch (error) {
      this.#logger.error({ err: error }, 'The server did not stop in order')
      code = 1
    }
    if (this.#pidFile !== undefined) rmSync(this.#pidFile, { force: true })
    this.#logger.info({}, 'Stopped')
    process.exit(code)
  }
}
