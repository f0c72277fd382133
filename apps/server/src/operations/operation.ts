/** What an operator can ask of a server: each operation is one value, which the local socket and the command line both use. */

import type { Components } from '@tercet/component'
import type { Server } from '@tercet/server'
import type { z } from 'zod'
import type { Federation } from '../federation/federation.ts'

/** What an operation works on. */
export interface Ground {
  readonly server: Server
  /** Undefined: federation is off, or nobody is served. */
  readonly federation?: Federation | undefined
  /** Undefined: there are none, or nobody is served. */
  readonly components?: Components | undefined
  /** Ends the process in order; absent where the data folder was opened without serving anybody. */
  readonly shutDown?: () => void
}

/** One operation. */
export interface Operation<I, O> {
  readonly name: string
  readonly input: z.ZodType<I>
  /** @throws {UserError} and other errors whose text is for people */
  run(ground: Ground, input: I): O | Promise<O>
}

/** Declares an operation. */
export function operation<I, O>(declared: Operation<I, O>): Operation<I, O> {
  return declared
}
