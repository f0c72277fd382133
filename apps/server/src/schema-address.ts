/** Addresses in the configuration. */

import { z } from 'zod'
import { parseAddress } from './address.ts'

export const ADDRESS = '"address:port"'

/** `address:port`, read. */
export const fileAddress = z.string({ error: ADDRESS }).transform((value, context) => {
  const parsed = parseAddress(value)
  if (parsed) return parsed
  context.issues.push({ code: 'custom', message: ADDRESS, input: value })
  return z.NEVER
})
