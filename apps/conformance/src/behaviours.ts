/** What a server must do, as data: every behaviour has a name that plays and exceptions refer to. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One behaviour that can be tested. */
export interface Behaviour {
  readonly id: string
  /** 1 streams, 2 attributes, 3 addresses, 4 TLS, SASL and binding, 5 routing, 6 roster, 7 presence, 8 blocking, history, stream management, push, 9 discovery, commands. */
  readonly group: number
  /** S server, R between servers, C client, X both ends, G gateway. */
  readonly side: string
  readonly strength: string
  readonly summary: string
  readonly sections: readonly string[]
}

const folder = join(import.meta.dirname, '..')

/** Reads the list of behaviours. */
export function readBehaviours(): Behaviour[] {
  // The shape is checked by coverage.test.ts.
  return JSON.parse(readFileSync(join(folder, 'behaviours.json'), 'utf8')) as Behaviour[]
}

/** Reads why some behaviours have no play: id to reason. */
export function readExceptions(): Record<string, string> {
  // The shape is checked by coverage.test.ts.
  return JSON.parse(readFileSync(join(folder, 'exceptions.json'), 'utf8')) as Record<string, string>
}
