/** Options of modules as an operator writes them: checked against the module's schema, refused by module and key. */

import type { z } from 'zod'

/** Options that do not fit: for whoever has the file in which they stand. */
export class ModuleOptionsError extends TypeError {
  override readonly name = 'ModuleOptionsError'
  readonly module: string
  /** Where it is inside of the module's options: `['per_hour']`; empty: the module itself. */
  readonly path: readonly string[]

  constructor(module: string, path: readonly string[], text: string, options?: ErrorOptions) {
    super(`${['modules', module, ...path].join('.')}: ${text}`, options)
    this.module = module
    this.path = path
  }
}

/**
 * Checks the options of one module; none means its defaults.
 *
 * @throws {ModuleOptionsError} naming the first key that does not fit
 */
export function readOptions(module: string, schema: z.ZodType | undefined, configured: unknown): unknown {
  const options = configured ?? {}
  if (!schema) {
    const [key] = typeof options === 'object' ? Object.keys(options) : ['']
    if (key === undefined) return undefined
    throw new ModuleOptionsError(module, key === '' ? [] : [key], 'This module has no options')
  }
  const result = schema.safeParse(options)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = (issue?.path ?? []).map(String)
  // What nobody knows is reported at the object that holds it.
  if (issue?.code === 'unrecognized_keys') path.push(...issue.keys.slice(0, 1))
  throw new ModuleOptionsError(module, path, issue?.message ?? 'It does not fit', { cause: result.error })
}

/**
 * Refuses options for modules that nobody loads: a misspelt name must not pass for a setting.
 *
 * @throws {ModuleOptionsError} there is no such module
 */
export function refuseUnknown(
  modules: Iterable<{ readonly name: string }>,
  options: Readonly<Record<string, unknown>>,
): void {
  const names = new Set<string>()
  for (const { name } of modules) names.add(name)
  for (const name of Object.keys(options)) {
    if (!names.has(name))
      throw new ModuleOptionsError(name, [], `No host loads such a module; there are ${[...names].sort().join(', ')}`)
  }
}
