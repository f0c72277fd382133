/** The table of supported specifications in README.md, made of the `specs` of modules and plugins. Run it to bring the README up to date. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as prettier from 'prettier'
import * as plugins from '../packages/client/src/plugins/index.ts'
import { standardModules } from '../packages/server/src/modules/index.ts'
import { lowerFloors, titles } from './spec-titles.ts'

/** Who implements a specification. */
export interface Support {
  /** Versions that were read, where the specification has versions. */
  readonly versions: Set<string>
  /** Packages and, in these, modules and plugins. */
  readonly places: Map<string, Set<string>>
}

const README = join(import.meta.dirname, '..', 'README.md')
const [BEGIN, END] = ['<!-- specs: made by scripts/specs.ts -->', '<!-- /specs -->']

/** The README, and what it should be. */
export async function readmes(): Promise<{ readonly is: string; readonly due: string }> {
  const is = readFileSync(README, 'utf8')
  const begin = is.indexOf(BEGIN)
  const end = is.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`README.md has no ${BEGIN} … ${END}`)
  const text = `${is.slice(0, begin)}${BEGIN}\n\n${table()}\n\n${is.slice(end)}`
  const due = await prettier.format(text, { ...(await prettier.resolveConfig(README)), filepath: README })
  return { is, due }
}

/** The table, in the order of names. @throws {Error} a specification has no title */
function table(): string {
  const lines = [...supported()]
    .sort(([a], [b]) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1))
    .map(([spec, { versions, places }]) => {
      const title = titles[spec]
      if (title === undefined) throw new Error(`${spec} needs a title in scripts/spec-titles.ts`)
      const where = [...places].map(([place, names]) =>
        names.size > 0 ? `${place} (${[...names].join(', ')})` : place,
      )
      const version = spec.startsWith('XEP') ? [...versions].join(', ') : ''
      return `| [${spec}](${address(spec)}) | ${title} | ${version} | ${where.join(' · ')} |`
    })
  return ['| specification | title | version | where |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

/** Every specification that somebody implements. */
export function supported(): ReadonlyMap<string, Support> {
  const all = new Map<string, Support>()
  const add = (spec: string, version: string | undefined, place: string, name?: string): void => {
    const support = all.get(spec) ?? { versions: new Set(), places: new Map<string, Set<string>>() }
    all.set(spec, support)
    if (version !== undefined) support.versions.add(version)
    const names = support.places.get(place) ?? new Set()
    support.places.set(place, names)
    if (name !== undefined) names.add(name)
  }
  for (const [place, specs] of Object.entries(lowerFloors)) for (const spec of specs) add(spec, undefined, place)
  for (const { name, specs } of standardModules)
    for (const [spec, version] of Object.entries(specs)) add(spec, version, 'server', name)
  for (const plugin of Object.values(plugins)) {
    // Beside plugins the entry has points, tokens and functions.
    if (!('specs' in plugin)) continue
    for (const [spec, version] of Object.entries(plugin.specs)) add(spec, version, 'client', plugin.name)
  }
  return all
}

function address(spec: string): string {
  if (spec.startsWith('XEP-')) return `https://xmpp.org/extensions/${spec.toLowerCase()}.html`
  if (spec.startsWith('RFC ')) return `https://www.rfc-editor.org/rfc/rfc${spec.slice(4)}`
  return `https://datatracker.ietf.org/doc/html/${spec}`
}

if (import.meta.main) writeFileSync(README, (await readmes()).due)
