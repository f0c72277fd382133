/** Plugins of a client: data and a function, one extension each. */

import { inOrder, Services, type Ordered, type Provided, type Service } from '@tercet/plugin'
import type { Client } from './client.ts'

/** Behaviour for one client, with what it announces and needs. `A` is what the client's property for it is. */
export interface Plugin<A> {
  readonly name: string
  /** Specifications and the version that was read, for the support table. */
  readonly specs: Readonly<Record<string, string>>
  /** Features that the client announces with it (XEP-0030). */
  readonly features: readonly string[]
  readonly needs: readonly Service<unknown>[]
  readonly provides: Service<unknown> | undefined
  /** Registers everything; called once for each client, before it connects, after the plugins of its needs. */
  load(client: Client, services: Services): A
}

/** Plugins by the properties that the client gets for them. */
export type Plugins = Readonly<Record<string, Plugin<unknown>>>

/** No plugins: no properties. */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- it is meant
export type NoPlugins = Record<never, never>

/** The properties that plugins give a client. */
export type Apis<P> = { readonly [K in keyof P]: P[K] extends Plugin<infer A> ? A : never }

/** How a plugin is written down; all but the name and `setup` have empty defaults. */
export interface PluginDefinition<N extends readonly Service<unknown>[], A> {
  readonly name: string
  readonly specs?: Readonly<Record<string, string>>
  readonly features?: readonly string[]
  readonly needs?: N
  /** Offers what `setup` returns to other plugins. */
  readonly provides?: Service<NoInfer<A>>
  /** Gets the client and the services it needs; returns what the client's property for it is. */
  setup(client: Client, ...needs: Provided<N>): A
}

/** Declares a plugin. */
export function definePlugin<const N extends readonly Service<unknown>[] = [], A = void>(
  definition: PluginDefinition<N, A>,
): Plugin<A> {
  const { name, specs = {}, features = [], provides } = definition
  const needs: readonly Service<unknown>[] = definition.needs ?? []
  return {
    name,
    specs,
    features,
    needs,
    provides,
    load(client, services) {
      for (const feature of features) client.announce(feature)
      // In the order of `needs`, which is the order of the parameters.
      const found = needs.map(need => services.get(need)) as unknown as Provided<N>
      const api = definition.setup(client, ...found)
      if (provides) services.provide(provides, api)
      return api
    },
  }
}

/**
 * Loads plugins into a client, providers before those who need them, and gives their properties.
 *
 * @throws {TypeError} a missing, doubled or circular need, a plugin given twice, or a property that the client has already
 */
export function loadPlugins(client: Client, plugins: Plugins): Record<string, unknown> {
  const entries: (Ordered & { readonly property: string; readonly plugin: Plugin<unknown> })[] = []
  for (const [property, plugin] of Object.entries(plugins)) {
    if (property in client) throw new TypeError(`A client has a property ${property} of its own`)
    const { name, needs, provides } = plugin
    entries.push({ name, needs, property, plugin, ...(provides ? { provides } : {}) })
  }
  const services = new Services()
  const apis: Record<string, unknown> = {}
  for (const { property, plugin } of inOrder(entries)) apis[property] = plugin.load(client, services)
  return apis
}
