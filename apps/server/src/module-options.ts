/** Options of modules as the configuration writes them, `[modules.NAME]`, turned into what the modules take. */

import type { z } from 'zod'
import { flag, table, whole } from './schema-words.ts'

/** By name of the module; a module that is not here has no options. */
export const moduleOptions: Readonly<Record<string, z.ZodType>> = {
  // XEP-0077: off by default, and without a limit for each address unless one is set.
  register: table({ open: flag().default(false), per_hour: whole(1).optional() }).transform(({ open, per_hour }) => ({
    open,
    ...(per_hour === undefined ? {} : { perHour: per_hour }),
  })),
}
