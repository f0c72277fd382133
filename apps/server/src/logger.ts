/** The log: lines for people on a terminal, JSON otherwise. */

import type { Logger } from '@tercet/plugin'
import { pino, stdTimeFunctions, type DestinationStream } from 'pino'
import { prettyFactory } from 'pino-pretty'

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

/** Makes the log of the process. Lines are written before the call returns: none is missing after a crash. */
export function createLogger(options: LogOptions = {}): Logger {
  const { level = 'info', forPeople = process.stdout.isTTY, destination } = options
  const settings = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap(name => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const output = destination ?? pino.destination({ dest: 1, sync: true })
  if (!forPeople) return pino(settings, output)
  const readable = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', singleLine: true, colorize: process.stdout.isTTY })
  return pino(settings, { write: line => output.write(readable(line)) })
}
