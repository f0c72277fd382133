/** Domains in the configuration. */

import { asDomain } from '@tercet/jid'
import { z } from 'zod'
import { text } from './schema-words.ts'

const DOMAIN = 'a domain, such as "example.org"'
const PATTERN = 'a domain, such as "example.org", or "*.example.org" for all below it'

/** A prepared domain. */
export const domain = text(DOMAIN).transform((value, context) => {
  const prepared = asDomain(value)
  if (prepared !== undefined) return prepared
  context.issues.push({ code: 'custom', message: DOMAIN, input: value })
  return z.NEVER
})

/** A prepared domain, with `*.` before it for all below it. */
export const domainPattern = text(PATTERN).transform((value, context) => {
  const star = value.startsWith('*.') ? '*.' : ''
  const prepared = asDomain(value.slice(star.length))
  if (prepared !== undefined) return star + prepared
  context.issues.push({ code: 'custom', message: PATTERN, input: value })
  return z.NEVER
})
