/** The promises of the storage port as a vitest suite; each adapter's test calls it. */

import { afterEach, beforeEach, describe } from 'vitest'
import type { Storage } from './storage.ts'
import { logRules } from './suite/log.ts'
import { ownerRules } from './suite/owners.ts'
import { spoolRules } from './suite/spool.ts'
import { tableRules } from './suite/table.ts'
import { unitRules } from './suite/unit.ts'

/** How the suite gets at an adapter. */
export interface SuiteAdapter {
  /** Opens a new, empty store. */
  open(): Storage | Promise<Storage>
  /** Closes the store and opens what it kept. */
  reopen(storage: Storage): Storage | Promise<Storage>
  /** Removes what `open` made; the store is closed. */
  clean(): void | Promise<void>
}

/** The store under test, and a restart of it. */
export interface Fixture {
  readonly storage: Storage
  restart(): Promise<Storage>
}

/** Declares the suite under the name of an adapter. */
export function storageSuite(name: string, adapter: SuiteAdapter): void {
  describe(`${name} keeps the promises of the storage port`, () => {
    let storage: Storage
    beforeEach(async () => {
      storage = await adapter.open()
    })
    afterEach(async () => {
      await storage.close()
      await adapter.clean()
    })
    const fixture: Fixture = {
      get storage() {
        return storage
      },
      restart: async () => (storage = await adapter.reopen(storage)),
    }
    describe('unit', () => unitRules(fixture))
    describe('table', () => tableRules(fixture))
    describe('owners', () => ownerRules(fixture))
    describe('log', () => logRules(fixture))
    describe('spool', () => spoolRules(fixture))
  })
}
