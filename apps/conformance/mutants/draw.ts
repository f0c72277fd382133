/** A draw by lot that anybody can repeat. */
import { createHash } from 'node:crypto'

/**
 * `count` of the `names`: those whose SHA-256 together with the seed is lowest. A name that is added later takes the place of one at most, so
 * that what was drawn stays drawn.
 */
export function draw(names: readonly string[], seed: number, count: number): string[] {
  return names
    .map(name => ({ name, lot: createHash('sha256').update(`${seed} ${name}`).digest('hex') }))
    .sort((a, b) => (a.lot < b.lot ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name)
}
