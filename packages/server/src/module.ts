/** What a module of the server is: data and a function (one extension, one small file). */

import { inOrder, type Provided, type Service } from '@tercet/plugin'
import type { z } from 'zod'
import type { Host } from './host.ts'
import { readOptions } from './module-options.ts'

/** A module: behaviour for one host, with what it advertises and needs. */
export interface Module {
  readonly name: string
  /** Specifications and the version that was read, for the support table. */
  readonly specs: Readonly<Record<string, string>>
  /** Features that the host advertises while the module is loaded (XEP-0030). */
  readonly features: readonly string[]
  /** What can be set: types, defaults and descriptions. */
  readonly options: z.ZodType | undefined
  readonly needs: readonly Service<unknown>[]
  readonly provides: Service<unknown> | undefined
  /**
   * Registers everything; called once for each host, after the providers of its needs.
   *
   * @param options as configured, unchecked
   * @throws {ModuleOptionsError} they do not fit the module
   */
  load(host: Host, options?: unknown): void
}

/** What `setup` gets after the host: the needed services, then the options if there are any. */
export type SetupArguments<N extends readonly Service<unknown>[], S> = S extends z.ZodType
  ? [...Provided<N>, z.output<S>]
  : Provided<N>

/** How a module is written down; all but the name and `setup` have empty defaults. */
export interface ModuleDefinition<N extends readonly Service<unknown>[], P, S> {
  readonly name: string
  readonly specs?: Readonly<Record<string, string>>
  readonly features?: readonly string[]
  /** A strict object; every member has a default or is optional, so that nothing has to be configured. */
  readonly options?: S
  readonly needs?: N
  readonly provides?: Service<P>
  /** Gets the host, the services it needs and its options; returns the service it provides. */
  setup(host: Host, ...more: SetupArguments<N, S>): NoInfer<P>
}

/** Declares a module. */
export function defineModule<
  const N extends readonly Service<unknown>[] = [],
  P = void,
  S extends z.ZodType | undefined = undefined,
>(definition: ModuleDefinition<N, P, S>): Module {
  const { name, specs = {}, features = [], provides } = definition
  const options: z.ZodType | undefined = definition.options
  const needs: readonly Service<unknown>[] = definition.needs ?? []
  return {
    name,
    specs,
    features,
    options,
    needs,
    provides,
    load(host, configured) {
      const read = readOptions(name, options, configured)
      for (const feature of features) host.feature(feature)
      const more: unknown[] = needs.map(need => host.services.get(need))
      if (options) more.push(read)
      // In the order of `needs`, which is the order of the parameters, and then what the schema made of the options.
      const provided = definition.setup(host, ...(more as SetupArguments<N, S>))
      if (provides) host.services.provide(provides, provided)
    },
  }
}

/**
 * Loads modules into a host, providers before those who need them.
 *
 * @param options by the name of the module; names of modules that are not loaded here are left aside
 * @throws {TypeError} a missing, doubled or circular need · {ModuleOptionsError} options that do not fit
 */
export function loadModules(
  host: Host,
  modules: readonly Module[],
  options: Readonly<Record<string, unknown>> = {},
): void {
  for (const module of inOrder(modules.map(withoutNothing))) {
    module.load(host, Object.hasOwn(options, module.name) ? options[module.name] : undefined)
  }
}

/** `provides` is absent rather than undefined for the ordering. */
function withoutNothing({ provides, ...module }: Module): Omit<Module, 'provides'> & { provides?: Service<unknown> } {
  return provides ? { ...module, provides } : module
}
