/** Chooses the server under test by TERCET_INTEROP_SERVER: `tercet` (default) or `prosody`. */

import { launchProsody } from './prosody.ts'
import type { ServerUnderTest } from './server-under-test.ts'
import { launchTercet } from './tercet.ts'

/**
 * Starts the chosen server.
 *
 * @throws {Error} another name than these two
 */
export function launchServer(): Promise<ServerUnderTest> {
  const choice = process.env['TERCET_INTEROP_SERVER'] ?? 'tercet'
  if (choice === 'tercet') return launchTercet()
  if (choice === 'prosody') return launchProsody()
  throw new Error(`TERCET_INTEROP_SERVER is ${choice}, but should be tercet or prosody`)
}
