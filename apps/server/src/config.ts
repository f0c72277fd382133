/** The configuration: a TOML file, or the defaults. Errors name file, line, key and what was expected. */

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Limits } from '@tercet/server'
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import type { ListenAddress } from './address.ts'
import { defaultData, defaultDomain, defaultListen } from './defaults.ts'
import { toLimits } from './limit-options.ts'
import { schema } from './schema.ts'
import { tomlLines, type Path } from './toml-lines.ts'

/** Settings of a server, checked and complete. */
export interface Config {
  /** Where they were read from; undefined: these are the defaults. */
  readonly file: string | undefined
  /** Absolute path of the data folder. */
  readonly data: string
  readonly hosts: readonly string[]
  readonly listen: Readonly<Record<keyof typeof defaultListen, readonly ListenAddress[]>>
  /** Addresses were chosen by us: one that this machine does not have is left out. */
  readonly listensByDefault: boolean
  /** Absolute paths of PEM files; undefined: a self-made certificate. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined
  readonly requireTls: boolean
  readonly iterations: number
  readonly limits: Partial<Limits>
  /** Options by name of the module, as they were written: each module reads its own. */
  readonly modules: Readonly<Record<string, unknown>>
}

/** A configuration that is not acceptable: one line for each thing that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/**
 * Reads a configuration file; paths in it are relative to its folder. Without a file: the defaults, in the working directory.
 *
 * @throws {ConfigError}
 */
export function loadConfig(file: string | undefined): Config {
  if (file === undefined) return parseConfig('', undefined)
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([`${file}: cannot be read: ${reason(cause)}`])
  }
  return parseConfig(source, file)
}

/** Reads a configuration that is in memory; `file` names it. @throws {ConfigError} */
export function parseConfig(source: string, file: string | undefined): Config {
  const label = file ?? 'configuration'
  const raw = parseToml(source, label)
  const result = schema.safeParse(raw)
  if (!result.success) throw new ConfigError(problems(result.error, raw, source, label))
  const { data, host, listen, tls, c2s, auth, limits } = result.data
  // The schema has just said so.
  const { modules = {} } = raw as { readonly modules?: Readonly<Record<string, unknown>> }
  const folder = file === undefined ? process.cwd() : dirname(resolve(file))
  return {
    file,
    data: resolve(folder, data ?? defaultData),
    hosts: host?.map(({ name }) => name) ?? [defaultDomain],
    listen: listen ? { c2s: listen.c2s, c2sTls: listen.c2s_tls, s2s: listen.s2s, http: listen.http } : defaultListen,
    listensByDefault: listen === undefined,
    tls: tls && { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) },
    requireTls: c2s.require_tls,
    iterations: auth.iterations,
    limits: { ...toLimits(limits), loginMs: c2s.login_seconds * 1000, loginFailures: c2s.sasl_attempts },
    modules,
  }
}

/** What is allowed, but should not stay so. */
export function warnings({ requireTls, listen }: Config): string[] {
  const lines: string[] = []
  if (!requireTls)
    lines.push('c2s.require_tls is false: passwords and messages may travel unencrypted; only for tests and loopback')
  if (listen.s2s.length > 0) lines.push('listen.s2s is set, but this version does not talk to other servers yet')
  return lines
}

function parseToml(source: string, label: string): unknown {
  try {
    return parse(source)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // The first line of the message is the reason; a drawing of the place follows.
    const text = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '')
    throw new ConfigError([`${label}:${error.line}: not valid TOML: ${text ?? ''}`])
  }
}

function problems(error: z.ZodError, raw: unknown, source: string, label: string): string[] {
  const lines = tomlLines(source)
  const found: { line: number; text: string }[] = []
  for (const issue of error.issues) {
    // TOML knows no other keys.
    const path = issue.path as Path
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const line = lines.line([...path, key])
        const known = issue.message.startsWith('Unrecognized') ? '' : `, expected ${issue.message}`
        found.push({ line, text: `${label}:${line}: ${keyText([...path, key])}: unknown key${known}` })
      }
      continue
    }
    const line = lines.line(path)
    found.push({ line, text: `${label}:${line}: ${keyText(path)}: ${expected(issue.message)}, ${got(at(raw, path))}` })
  }
  return found.sort((a, b) => a.line - b.line).map(({ text }) => text)
}

/** Our schemas say what they want; those of modules may leave it to the words of zod. */
function expected(message: string): string {
  const [, words] = /^[A-Z][a-z ]+: expected (.*?)(?:, received .*)?$/.exec(message) ?? []
  return /^[A-Z]/.test(message) && words === undefined ? message : `expected ${words ?? message}`
}

function at(raw: unknown, path: Path): unknown {
  // Index types do not matter: what is not there is undefined.
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], raw)
}

function got(value: unknown): string {
  if (value === undefined) return 'but it is missing'
  if (Array.isArray(value)) return 'got a list'
  if (value instanceof Date) return 'got a date'
  if (typeof value === 'object') return 'got a table'
  return `got ${JSON.stringify(value)}`
}

function keyText(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  )
}

function reason(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException // what node:fs throws has one
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'permission denied'
  return String(code)
}
