/** The shape of the configuration file. Each error text says what is expected. */

import { BareJid } from '@tercet/jid'
import { defaultLimits } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { z } from 'zod'
import { parseAddress } from './address.ts'
import { defaultIterations } from './defaults.ts'
import { defaultOf, limitOptions } from './limit-options.ts'
import { flag, table, text, whole } from './schema-words.ts'

const ADDRESS = '"address:port"'

const address = z.string({ error: ADDRESS }).transform((value, context) => {
  const parsed = parseAddress(value)
  if (parsed) return parsed
  context.issues.push({ code: 'custom', message: ADDRESS, input: value })
  return z.NEVER
})

const addresses = z.array(address, { error: `a list of ${ADDRESS}` }).default([])

const domain = text('a domain, such as "example.org"').transform((value, context) => {
  try {
    const jid = BareJid.parse(value)
    if (jid.local === '') return jid.text
  } catch {
    // reported below
  }
  context.issues.push({ code: 'custom', message: 'a domain, such as "example.org"', input: value })
  return z.NEVER
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

/** A configuration file. */
export const schema = table({
  data: text('a folder, such as "./data"').optional(),
  host: z
    .array(table({ name: domain }), { error: 'tables written as [[host]]' })
    .min(1, { error: 'at least one [[host]]' })
    .superRefine((hosts, context) => {
      for (const [index, { name }] of hosts.entries())
        if (hosts.findIndex(other => other.name === name) < index)
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'each host once', input: name })
    })
    .optional(),
  listen: table({ c2s: addresses, c2s_tls: addresses, s2s: addresses, http: addresses }).optional(),
  tls: table({ certificate: text('a PEM file'), key: text('a PEM file') }).optional(),
  c2s: table({
    require_tls: flag().default(true),
    login_seconds: whole(1, 3600).default(defaultLimits.loginMs / 1000),
    sasl_attempts: whole(1, 100).default(defaultLimits.loginFailures),
  }).prefault({}),
  // RFC 7677 §4 wants 4096 at least.
  auth: table({ iterations: whole(4096, 10_000_000).default(defaultIterations) }).prefault({}),
  limits: limits.prefault({}),
  modules: modules.prefault({}),
})
