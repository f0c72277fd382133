/** The configuration: a TOML file, or the defaults. Errors name file, line, key and what was expected. */

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Limits } from '@tercet/server'
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import { isLoopback, type ListenAddress } from './address.ts'
import { defaultData, defaultDomain, defaultListen } from './defaults.ts'
import { toFederation, type FederationConfig } from './federation/config.ts'
import { toLimits } from './limit-options.ts'
import type { AddressRange } from './proxies.ts'
import type { S3Options } from './s3-files.ts'
import { schema } from './schema.ts'
import { tomlLines, type Path } from './toml-lines.ts'

/** Files of a certificate chain and its key, PEM. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** Settings of a server, checked and complete. */
export interface Config {
  /** Where they were read from; undefined: these are the defaults. */
  readonly file: string | undefined
  /** Absolute path of the data folder. */
  readonly data: string
  readonly hosts: readonly string[]
  /** Hosts that let people in without an account. */
  readonly anonymous: ReadonlySet<string>
  /** Who vouches for bearer tokens, by host. */
  readonly oauth: ReadonlyMap<string, OauthConfig>
  /** Whose client certificates count; undefined: none is asked for. Paths are absolute. */
  readonly clientCertificates: ClientCertificatesConfig | undefined
  readonly listen: Readonly<Record<keyof typeof defaultListen, readonly ListenAddress[]>>
  /** Addresses were chosen by us: one that this machine does not have is left out. */
  readonly listensByDefault: boolean
  /** Reverse proxies that are believed about who their clients are. */
  readonly proxies: readonly AddressRange[]
  /** Whether these begin the connections of clients with a PROXY header. */
  readonly proxyProtocol: boolean
  readonly http: {
    /** Where browsers find the HTTP listener; undefined: at the address that they asked. */
    readonly url: string | undefined
    /** Origins whose pages may open WebSockets; undefined: all. */
    readonly origins: readonly string[] | undefined
    /** Public IP addresses of the server, for host-meta 2. */
    readonly addresses: readonly string[]
  }
  /** Where uploaded files are kept; undefined: in the data folder. Its secret is in a file, of which this is the absolute path, or here. */
  readonly s3: S3Config | undefined
  /** Absolute paths of PEM files; undefined: a self-made certificate. */
  readonly tls: CertificateFiles | undefined
  /** Certificates of single hosts, which have no use for the common one. */
  readonly hostTls: ReadonlyMap<string, CertificateFiles>
  readonly requireTls: boolean
  /** Secrets of components, by their domains. */
  readonly components: ReadonlyMap<string, string>
  /** Other servers. */
  readonly federation: FederationConfig
  readonly iterations: number
  readonly limits: Partial<Limits>
  /** Options by name of the module, as they were written: each module reads its own. */
  readonly modules: Readonly<Record<string, unknown>>
}

/** A bucket for uploaded files. */
export interface S3Config extends Omit<S3Options, 'patienceMs' | 'secretKey'> {
  readonly secret: { readonly key: string } | { readonly file: string }
}

/** Who vouches for bearer tokens on a host. */
export interface OauthConfig {
  readonly issuer: string
  readonly audience: string
  /** An absolute path, or an address that begins with `https://`. */
  readonly jwks: string
  readonly claim: string
  readonly createAccounts: boolean
  readonly scope: string | undefined
  readonly openidConfiguration: string | undefined
}

/** Whose client certificates count. */
export interface ClientCertificatesConfig {
  /** PEM file of the roots. */
  readonly ca: string
  /** Bare addresses by fingerprint, for certificates that name none. */
  readonly accounts: Readonly<Record<string, string>>
}

type S3Table = NonNullable<z.output<typeof schema>['uploads']['s3']>

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
  const { data, host, component, listen, http, uploads, tls, c2s, s2s, auth, limits } = result.data
  // The schema has just said so.
  const { modules = {} } = raw as { readonly modules?: Readonly<Record<string, unknown>> }
  const folder = file === undefined ? process.cwd() : dirname(resolve(file))
  return {
    file,
    data: resolve(folder, data ?? defaultData),
    hosts: host?.map(({ name }) => name) ?? [defaultDomain],
    anonymous: new Set(host?.filter(({ anonymous }) => anonymous).map(({ name }) => name)),
    oauth: new Map(host?.flatMap(({ name, oauth }) => (oauth ? [[name, oauthConfig(oauth, folder)] as const] : []))),
    clientCertificates: auth.certificates && {
      ca: resolve(folder, auth.certificates.ca),
      accounts: auth.certificates.accounts,
    },
    listen: listen
      ? {
          c2s: listen.c2s,
          c2sTls: listen.c2s_tls,
          s2s: listen.s2s,
          s2sTls: listen.s2s_tls,
          http: listen.http,
          component: listen.component,
        }
      : defaultListen,
    listensByDefault: listen === undefined,
    proxies: listen?.proxies ?? [],
    proxyProtocol: listen?.proxy_protocol ?? false,
    http: { url: http.url, origins: http.origins, addresses: http.addresses },
    s3: uploads.s3 && s3Config(uploads.s3, folder),
    tls: tls && certificateFiles(tls, folder),
    hostTls: new Map(host?.flatMap(({ name, tls }) => (tls ? [[name, certificateFiles(tls, folder)] as const] : []))),
    requireTls: c2s.require_tls,
    components: new Map(component.map(({ name, secret }) => [name, secret])),
    federation: toFederation(s2s, (listen?.s2s.length ?? 0) + (listen?.s2s_tls.length ?? 0) > 0, folder),
    iterations: auth.iterations,
    limits: { ...toLimits(limits), loginMs: c2s.login_seconds * 1000, loginFailures: c2s.sasl_attempts },
    modules,
  }
}

function certificateFiles({ certificate, key }: CertificateFiles, folder: string): CertificateFiles {
  return { certificate: resolve(folder, certificate), key: resolve(folder, key) }
}

function s3Config(
  { access_key, secret_key, secret_key_file = '', path_style, ...bucket }: S3Table,
  folder: string,
): S3Config {
  const secret = secret_key === undefined ? { file: resolve(folder, secret_key_file) } : { key: secret_key }
  return { ...bucket, accessKey: access_key, secret, pathStyle: path_style }
}

function oauthConfig(
  oauth: NonNullable<NonNullable<z.output<typeof schema>['host']>[number]['oauth']>,
  folder: string,
): OauthConfig {
  const { issuer, audience, jwks, claim, scope } = oauth
  return {
    issuer,
    audience,
    jwks: jwks.startsWith('https://') ? jwks : resolve(folder, jwks),
    claim,
    createAccounts: oauth.create_accounts,
    scope,
    openidConfiguration: oauth.openid_configuration,
  }
}

/** What is allowed, but should not stay so. */
export function warnings({ requireTls, federation, listen, components }: Config): string[] {
  const lines: string[] = []
  if (!requireTls)
    lines.push('c2s.require_tls is false: passwords and messages may travel unencrypted; only for tests and loopback')
  const listens = listen.s2s.length + listen.s2sTls.length > 0
  if (federation.policy.federation === 'off' && listens)
    lines.push('s2s.federation is "off", but listen.s2s or listen.s2s_tls is set: nobody will be let in')
  if (federation.policy.federation !== 'off' && !listens) {
    const who = listen.http.length > 0 ? 'those alone can answer that know WebSockets' : 'other servers cannot answer'
    lines.push(`s2s.federation is on, but neither listen.s2s nor listen.s2s_tls is set: ${who}`)
  }
  if (federation.policy.federation !== 'off' && federation.policy.rule?.requireTls === false)
    lines.push('s2s.require_tls is false: messages to other servers may travel unencrypted')
  if (components.size > 0 && listen.component.length === 0)
    lines.push('There is a [[component]], but listen.component is not set: none can connect')
  if (components.size === 0 && listen.component.length > 0)
    lines.push('listen.component is set, but there is no [[component]]: nobody will be let in')
  if (listen.component.some(({ address }) => !isLoopback(address)))
    lines.push(
      'listen.component is not on loopback: what components exchange travels unencrypted (XEP-0114 has no TLS)',
    )
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
