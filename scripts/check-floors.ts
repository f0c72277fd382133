/** The manifests agree with the floor table (docs/architecture.md), and every package has what a package needs. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { floors } from '../floors.ts'

interface Manifest {
  readonly name: string
  readonly description?: string
  readonly private?: boolean
  readonly engines?: { readonly node?: string }
  readonly exports?: Readonly<Record<string, unknown>>
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '..')
const complaints: string[] = []

for (const folder of readdirSync(join(root, 'packages'))) {
  const place = join(root, 'packages', folder)
  if (!existsSync(join(place, 'package.json'))) continue
  // What is read was written by us, after the shape above.
  const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Manifest
  const complain = (text: string): unknown => complaints.push(`packages/${folder}: ${text}`)
  const allowed = floors.packages[folder]
  if (!allowed) complain('is not in the floor table')
  if (manifest.name !== `@tercet/${folder}`) complain(`is named ${manifest.name}`)
  if (!manifest.description) complain('has no description')
  if (manifest.engines?.node !== '>=22.13') complain('does not declare engines.node >=22.13')
  if (!existsSync(join(place, 'README.md'))) complain('has no README')
  const published = Object.keys(manifest.publishConfig?.exports ?? {}).join(' ')
  if (Object.keys(manifest.exports ?? {}).join(' ') !== published) complain('exports differ from publishConfig.exports')
  const needs = { ...manifest.dependencies, ...manifest.peerDependencies }
  for (const name of Object.keys(needs)) {
    const ours = /^@tercet\/(.+)$/.exec(name)?.[1]
    if (ours !== undefined && !allowed?.includes(ours)) complain(`depends on ${name}, which the floor table forbids`)
  }
}

if (complaints.length > 0) {
  console.error(complaints.join('\n'))
  process.exitCode = 1
} else console.log('floors: every package stands where it belongs')
