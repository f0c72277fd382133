/** Software version (XEP-0092 1.1) of the host. */

import { createRequire } from 'node:module'
import { type as osType } from 'node:os'
import * as wire from '@tercet/stanza/version'
import { z } from 'zod'
import { defineModule } from '../module.ts'

/** Tells which software this is. */
export const version = defineModule({
  name: 'version',
  specs: { 'XEP-0092': '1.1' },
  features: [wire.NS],
  options: z.strictObject({
    name: z.string().min(1).default('Tercet').describe('Name of the software'),
    version: z.string().optional().describe('Its version; by default the real one'),
    show_os: z
      .boolean()
      .default(false)
      .describe('Whether to tell the operating system (XEP-0092 §6 advises against it)'),
  }),
  setup(host, options) {
    const answer = {
      name: options.name,
      version: options.version ?? ownVersion(),
      ...(options.show_os ? { os: osType() } : {}),
    }
    host.handle(wire.version, 'server', () => answer)
  },
})

function ownVersion(): string {
  // Our own manifest, which lies at the same place above the sources and above what is built of them.
  const manifest = createRequire(import.meta.url)('../../package.json') as { version: string }
  return manifest.version
}
