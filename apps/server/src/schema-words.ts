/** Words that the shape of the configuration is written in: their errors say what is expected. */

import { z } from 'zod'

/** A text that is not empty. */
export function text(expected: string): z.ZodString {
  return z.string({ error: expected }).min(1, { error: expected })
}

/** A whole number with bounds. */
export function whole(least: number, most?: number): z.ZodNumber {
  const error = most === undefined ? `a whole number from ${least}` : `a whole number from ${least} to ${most}`
  const number = z.int({ error }).min(least, { error })
  return most === undefined ? number : number.max(most, { error })
}

/** Yes or no. */
export function flag(): z.ZodBoolean {
  return z.boolean({ error: 'true or false' })
}

/** A table with these keys and no others. */
export function table<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  const keys = Object.keys(shape)
  return z.strictObject(shape, {
    error: issue =>
      issue.code === 'unrecognized_keys'
        ? keys.length === 0
          ? 'no keys here'
          : `one of ${keys.join(', ')}`
        : 'a table',
  })
}
