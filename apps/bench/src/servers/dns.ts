/** A name server for those that find others by nothing else: dnsmasq on loopback, which forwards nothing. */

import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts, reachable, startProcess } from '@tercet/testkit'
import type { Ground } from '../ground.ts'
import type { Place } from './federation.ts'

/** A running name server. */
export interface NameServer extends AsyncDisposable {
  readonly port: number
}

/** Answers `_xmpp-server` SRV records of `places`, all at 127.0.0.1. @throws {Error} dnsmasq is missing, or does not start */
export async function startNameServer(ground: Ground, places: readonly Place[]): Promise<NameServer> {
  const folder = await mkdtemp(join(ground.folder, 'dns-'))
  const [port = 0] = await freePorts(1)
  const file = join(folder, 'dnsmasq.conf')
  const records = places.map(({ domain, port }) => [
    `host-record=xmpp.${domain},127.0.0.1`,
    `srv-host=_xmpp-server._tcp.${domain},xmpp.${domain},${port},0,5`,
  ])
  const lines = [
    'no-resolv',
    'no-hosts',
    'bind-interfaces',
    'local=/example/',
    'listen-address=127.0.0.1',
    `port=${port}`,
  ]
  await writeFile(file, [...lines, ...records.flat(), ''].join('\n'))
  const options = ['--keep-in-foreground', `--conf-file=${file}`, '--user=', '--pid-file=']
  const running = await startProcess('/usr/sbin/dnsmasq', options, { logFile: join(folder, 'output.log') })
  try {
    await reachable(port, running)
  } catch (error) {
    await running.kill()
    throw error
  }
  return { port, [Symbol.asyncDispose]: () => running.stop() }
}
