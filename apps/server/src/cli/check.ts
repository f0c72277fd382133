/** tercet check: says whether a configuration is acceptable. */

import { Command } from 'commander'
import { readPair } from '../certificates.ts'
import { openClientCertificates } from '../client-certificates.ts'
import { loadConfig, warnings } from '../config.ts'
import { bearerOf } from '../oauth.ts'
import { filesOf } from '../reach.ts'
import { configOption } from './options.ts'

/** The verb. */
export function check(): Command {
  return new Command('check')
    .description('print "ok", or everything that is wrong with a configuration; the exit code is 1 then')
    .addOption(configOption())
    .action((options: { config?: string }) => {
      const config = loadConfig(options.config)
      if (config.tls) readPair(config.tls)
      for (const files of config.hostTls.values()) readPair(files)
      if (config.clientCertificates) openClientCertificates(config.clientCertificates)
      filesOf(config)
      for (const host of config.hosts) bearerOf(config, host)
      for (const text of warnings(config)) process.stderr.write(`warning: ${text}\n`)
      process.stdout.write('ok\n')
    })
}
