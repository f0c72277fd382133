/** What a module of the server is: data and a function (one extension, one small file). */

import { inOrder, type Provided, type Service } from '@tercet/plugin'
import type { Host } from './host.ts'

/** A module: behaviour for one host, with what it advertises and needs. */
export interface Module {
  readonly name: string
  /** Specifications and the version that was read, for the support table. */
  readonly specs: Readonly<Record<string, string>>
  /** Features that the host advertises while the module is loaded (XEP-0030). */
  readonly features: readonly string[]
  readonly needs: readonly Service<unknown>[]
  readonly provides: Service<unknown> | undefined
  /** Registers everything; called once for each host, after the providers of its needs. */
  load(host: Host): void
}

/** How a module is written down; all but the name and `setup` have empty defaults. */
export interface ModuleDefinition<N extends readonly Service<unknown>[], P> {
  readonly name: string
  readonly specs?: Readonly<Record<string, string>>
  readonly features?: readonly string[]
  readonly needs?: N
  readonly provides?: Service<P>
  /** Gets the host and the services it needs; returns the one it provides. */
  setup(host: Host, ...needs: Provided<N>): NoInfer<P>
}

/** Declares a module. */
export function defineModule<const N extends readonly Service<unknown>[] = [], P = void>(
  definition: ModuleDefinition<N, P>,
): Module {
  const { name, specs = {}, features = [], provides } = definition
  const needs: readonly Service<unknown>[] = definition.needs ?? []
  return {
    name,
    specs,
    features,
    needs,
    provides,
    load(host) {
      for (const feature of features) host.feature(feature)
      // In the order of `needs`, which is the order of the parameters.
      const services = needs.map(need => host.services.get(need)) as unknown as Provided<N>
      const provided = definition.setup(host, ...services)
      if (provides) host.services.provide(provides, provided)
    },
  }
}

/**
 * Loads modules into a host, providers before those who need them.
 *
 * @throws {TypeError} a missing, doubled or circular need
 */
export function loadModules(host: Host, modules: readonly Module[]): void {
  for (const module of inOrder(modules.map(withoutNothing))) module.load(host)
}

/** `provides` is absent rather than undefined for the ordering. */
function withoutNothing({ provides, ...module }: Module): Omit<Module, 'provides'> & { provides?: Service<unknown> } {
  return provides ? { ...module, provides } : module
}
