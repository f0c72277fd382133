/** The logger port; pino fits it as it is. */

/** Writes one line with its facts. Facts never hold passwords or message bodies. */
export type LogLine = (facts: object, text: string) => void

/** Levels from the finest to the gravest, and a way to bind facts to all lines that follow. */
export interface Logger {
  readonly trace: LogLine
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
  child(facts: object): Logger
}

const nothing: LogLine = () => {}

/** Discards everything. */
export const silent: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silent,
}
