/** The log: lines for people on a terminal, JSON otherwise. */

import type { Logger } from '@tercet/plugin'
import { pino, stdTimeFunctions, type DestinationStream } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { LogOutput } from './log-output.ts'

/** Levels that may be asked for. */
export const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const

/** One of {@link levels}. */
export type Level = (typeof levels)[number]

/** Names of facts that are never written, wherever a line has them, down to two levels. */
const secrets = ['password', 'token', 'key', 'storedKey', 'serverKey', 'saltedPassword', 'authorization', 'initial']

/** Options of {@link createLogger}; all have defaults. */
export interface LogOptions {
  /** Default `info`. */
  readonly level?: Level
  /** Default: whether the standard output is a terminal. */
  readonly forPeople?: boolean
  /** Default: the standard output. */
  readonly destination?: DestinationStream
}

/** Makes the log of the process. Lines are written before the call returns, as long as whoever reads them keeps up: none is missing after a crash. */
export function createLogger(options: LogOptions = {}): Logger {
  const { level = 'info', forPeople = process.stdout.isTTY, destination } = options
  const settings = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap(name => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const output = destination ?? new LogOutput()
  const readable = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', singleLine: true, colorize: process.stdout.isTTY })
  const logger = pino(settings, forPeople ? { write: line => output.write(readable(line)) } : output)
  if (output instanceof LogOutput) {
    output.onLeftOut = lines =>
      logger.warn({ lines }, 'Lines of the log were left out: whoever takes them was too slow')
    process.on('exit', () => output.flush())
  }
  return logger
}
