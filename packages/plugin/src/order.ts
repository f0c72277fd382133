/** Load order: providers before those that need them, otherwise the order given. */

import type { Service } from './service.ts'

/** What {@link inOrder} looks at. */
export interface Ordered {
  readonly name: string
  readonly needs?: readonly Service<unknown>[]
  readonly provides?: Service<unknown>
}

/**
 * Sorts modules or plugins so that each comes after the providers of what it needs.
 *
 * @throws {TypeError} a service that nobody provides or two provide, a circular need, a name given twice; names all parties
 */
export function inOrder<M extends Ordered>(modules: readonly M[]): M[] {
  const providers = new Map<Service<unknown>, M>()
  const names = new Set<string>()
  for (const module of modules) {
    if (names.has(module.name)) throw new TypeError(`${module.name} is listed twice`)
    names.add(module.name)
    if (!module.provides) continue
    const other = providers.get(module.provides)
    if (other) throw new TypeError(`${other.name} and ${module.name} both provide ${module.provides.name}`)
    providers.set(module.provides, module)
  }
  const sorted: M[] = []
  const state = new Map<M, 'visiting' | 'done'>()
  const visit = (module: M, path: readonly string[]): void => {
    if (state.get(module) === 'done') return
    if (state.get(module) === 'visiting') throw new TypeError(`Circular need: ${[...path, module.name].join(' → ')}`)
    state.set(module, 'visiting')
    for (const need of module.needs ?? []) {
      const provider = providers.get(need)
      if (!provider) throw new TypeError(`${module.name} needs ${need.name}, which nothing provides`)
      visit(provider, [...path, module.name])
    }
    state.set(module, 'done')
    sorted.push(module)
  }
  for (const module of modules) visit(module, [])
  return sorted
}
