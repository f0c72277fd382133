/** Chooses the server under test by TERCET_INTEROP_SERVER: `tercet` (default) or `prosody`. */

import { recorded } from '../record.ts'
import { launchProsody } from './prosody.ts'
import type { ServerUnderTest } from './server-under-test.ts'
import { launchTercet } from './tercet.ts'

/**
 * Starts the chosen server; with TERCET_INTEROP_RECORD=1 behind a relay that writes down what `client` sends.
 *
 * @throws {Error} another name than these two
 */
export async function launchServer(client: string): Promise<ServerUnderTest> {
  const server = await launch(process.env['TERCET_INTEROP_SERVER'] ?? 'tercet')
  return process.env['TERCET_INTEROP_RECORD'] === '1' ? recorded(server, client) : server
}

function launch(choice: string): Promise<ServerUnderTest> {
  if (choice === 'tercet') return launchTercet()
  if (choice === 'prosody') return launchProsody()
  throw new Error(`TERCET_INTEROP_SERVER is ${choice}, but should be tercet or prosody`)
}
