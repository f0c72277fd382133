/** The shape of the configuration file. Each error text says what is expected. */

import { isIP } from 'node:net'
import { BareJid } from '@tercet/jid'
import { defaultLimits } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { z } from 'zod'
import { defaultIterations } from './defaults.ts'
import { components, refuseServed } from './components/schema.ts'
import { s2s } from './federation/schema.ts'
import { defaultOf, limitOptions } from './limit-options.ts'
import { parseRange } from './proxies.ts'
import { ADDRESS, fileAddress } from './schema-address.ts'
import { domain } from './schema-domain.ts'
import { flag, table, text, whole } from './schema-words.ts'

const RANGE = 'an address or a range, such as "127.0.0.1/8"'

const range = z.string({ error: RANGE }).transform((value, context) => {
  const parsed = parseRange(value)
  if (parsed) return parsed
  context.issues.push({ code: 'custom', message: RANGE, input: value })
  return z.NEVER
})

const ORIGIN = 'an https address without a path, such as "https://chat.example.org"'

/** Scheme, host and port of the web. */
const origin = z.string({ error: ORIGIN }).transform((value, context) => {
  const { protocol, origin } = URL.parse(value) ?? {}
  if (origin !== undefined && /^https?:$/.test(protocol ?? '') && value.replace(/\/$/, '') === origin) return origin
  context.issues.push({ code: 'custom', message: ORIGIN, input: value })
  return z.NEVER
})

const IP = 'an IP address'

const addresses = z.array(fileAddress, { error: `a list of ${ADDRESS}` }).default([])

const HTTPS = 'a file, or an address that begins with "https://"'

/** Who vouches for bearer tokens on a host (SASL OAUTHBEARER). */
const oauth = table({
  issuer: text('the "iss" of tokens'),
  audience: text('the "aud" of tokens'),
  // Keys that come unprotected let everybody in.
  jwks: text(HTTPS).refine(value => !/^[a-z]+:/i.test(value) || value.startsWith('https://'), { error: HTTPS }),
  claim: text('the name of a claim, such as "sub"').default('sub'),
  create_accounts: flag().default(false),
  scope: text('what a client has to ask for').optional(),
  openid_configuration: text('an address').optional(),
})

const fingerprint = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'fingerprints, SHA-256 in 64 lower-case hexadecimal digits' })

const account = text('an account, such as "romeo@example.org"').transform((value, context) => {
  try {
    const jid = BareJid.parse(value)
    if (jid.local !== '') return jid.text
  } catch {
    // reported below
  }
  context.issues.push({ code: 'custom', message: 'an account, such as "romeo@example.org"', input: value })
  return z.NEVER
})

const PREFIX = 'letters, digits and "._/-", such as "uploads/"'
const SECRET = 'either secret_key or secret_key_file'

/** A bucket for uploaded files. */
const s3 = table({
  endpoint: origin,
  region: text('a region, such as "us-east-1"').default('us-east-1'),
  bucket: text('the name of a bucket').regex(/^[a-z0-9][a-z0-9.-]{1,62}$/, { error: 'the name of a bucket' }),
  prefix: z
    .string({ error: PREFIX })
    .regex(/^[A-Za-z0-9._/-]*$/, { error: PREFIX })
    .default(''),
  access_key: text('an access key'),
  secret_key: text(SECRET).optional(),
  secret_key_file: text(SECRET).optional(),
  path_style: flag().default(true),
}).superRefine(({ secret_key, secret_key_file }, context) => {
  if ((secret_key === undefined) === (secret_key_file === undefined))
    context.addIssue({ code: 'custom', path: ['secret_key'], message: SECRET, input: secret_key })
})

/** Certificates of clients (SASL EXTERNAL). */
const clientCertificates = table({
  ca: text('a PEM file'),
  accounts: z.record(fingerprint, account, { error: 'a table of accounts by fingerprint' }).default({}),
})

const limits = table(
  Object.fromEntries(
    Object.entries(limitOptions).map(([name, { key, least }]) => [
      key,
      // The keys of limitOptions are its own.
      whole(least).default(defaultOf(name as keyof typeof limitOptions)),
    ]),
  ),
)

/** Each module says itself what can be set. */
const modules = table(
  Object.fromEntries(
    standardModules
      .map(({ name, options }) => [name, (options ?? table({})).optional()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ),
)

/** A certificate chain and its key. */
const tls = table({ certificate: text('a PEM file'), key: text('a PEM file') })

/** A configuration file. */
export const schema = table({
  data: text('a folder, such as "./data"').optional(),
  host: z
    .array(table({ name: domain, anonymous: flag().default(false), oauth: oauth.optional(), tls: tls.optional() }), {
      error: 'tables written as [[host]]',
    })
    .min(1, { error: 'at least one [[host]]' })
    .superRefine((hosts, context) => {
      for (const [index, { name }] of hosts.entries())
        if (hosts.findIndex(other => other.name === name) < index)
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'each host once', input: name })
    })
    .optional(),
  component: components,
  listen: table({
    c2s: addresses,
    c2s_tls: addresses,
    s2s: addresses,
    s2s_tls: addresses,
    http: addresses,
    component: addresses,
    proxies: z.array(range, { error: `a list of addresses and ranges, such as ["127.0.0.1/8"]` }).default([]),
    proxy_protocol: flag().default(false),
  }).optional(),
  http: table({
    url: origin.refine(value => value.startsWith('https:'), { error: ORIGIN }).optional(),
    origins: z.array(origin, { error: 'a list of origins, such as "https://chat.example.org"' }).optional(),
    addresses: z
      .array(
        z.string({ error: IP }).refine(value => isIP(value) > 0, { error: IP }),
        { error: 'a list of IP addresses' },
      )
      .default([]),
  }).prefault({}),
  uploads: table({ s3: s3.optional() }).prefault({}),
  tls: tls.optional(),
  c2s: table({
    require_tls: flag().default(true),
    login_seconds: whole(1, 3600).default(defaultLimits.loginMs / 1000),
    sasl_attempts: whole(1, 100).default(defaultLimits.loginFailures),
  }).prefault({}),
  s2s: s2s.prefault({}),
  // RFC 7677 §4 wants 4096 at least.
  auth: table({
    iterations: whole(4096, 10_000_000).default(defaultIterations),
    certificates: clientCertificates.optional(),
  }).prefault({}),
  limits: limits.prefault({}),
  modules: modules.prefault({}),
}).superRefine(refuseServed)
