/** The name server of the world: dnsmasq on loopback, authoritative for `.example`, which forwards nothing. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireProgram, type Peer } from '../processes.ts'
import { waitFor } from '../wait.ts'
import { domainOf, isSelfMade, kinds, roomsOf, serverNames, type Kind, type ServerName } from './kinds.ts'
import type { Network } from './network.ts'

/** Ports are the usual ones: each server has an address of its own. */
export const S2S_PORT = 5269
export const S2S_TLS_PORT = 5270

/** Where the servers are; a test may change its mind and {@link NameServer.publish} again. */
export type Addresses = Readonly<Record<ServerName, string>>

/** Where a domain is: a server that has one certificate alone is two, the one with a self-made certificate next door. */
export function addressOf(addresses: Addresses, server: ServerName, kind: Kind): string {
  const address = addresses[server]
  if ((server !== 'tercet' && server !== 'twin') || !isSelfMade(kind)) return address
  return address.replace(/\d+$/u, last => String(Number(last) + 1))
}

/** A running dnsmasq. */
export interface NameServer extends AsyncDisposable {
  readonly address: string
  readonly port: number
  /** The same addresses as a hosts file, for a server whose look-ups of addresses are the C library's. */
  readonly hostsFile: string
  /** Answers with these addresses from now on. */
  publish(addresses: Addresses): Promise<void>
  /** No name server answers from now on. */
  stop(): Promise<void>
}

/** Starts it; records live no second, so that no server remembers any. */
export async function startNameServer(
  network: Network,
  folder: string,
  address: string,
  addresses: Addresses,
): Promise<NameServer> {
  const program = requireProgram('dnsmasq', 'dnsmasq-base')
  const port = 5353
  const file = join(folder, 'dnsmasq.conf')
  const hostsFile = join(folder, 'hosts')
  let peer: Peer | undefined
  const stop = async () => {
    await peer?.stop()
    peer = undefined
  }
  const publish = async (now: Addresses) => {
    await stop()
    writeFileSync(file, configuration(address, port, now))
    writeFileSync(
      hostsFile,
      hosts(now)
        .map(([host, at]) => `${at} ${host}\n`)
        .join(''),
    )
    const started = network.start(program, ['--keep-in-foreground', `--conf-file=${file}`, '--user=', '--pid-file='])
    peer = started
    await waitFor(
      'dnsmasq listens',
      () => {
        if (started.ended) throw new Error(`dnsmasq ended at once\n${started.output}`)
        return network.listens(address, [port])
      },
      { evidence: () => started.output },
    )
  }
  await publish(addresses)
  return { address, port, hostsFile, publish, stop, [Symbol.asyncDispose]: stop }
}

/** Each host with its address. */
function hosts(addresses: Addresses): [host: string, address: string][] {
  const all = serverNames.flatMap(server =>
    kinds.map((kind): [string, string] => [hostOf(server, kind), addressOf(addresses, server, kind)]),
  )
  return [...new Map(all)]
}

function hostOf(server: ServerName, kind: Kind): string {
  return `${isSelfMade(kind) ? 'own' : 'xmpp'}.${server}.example`
}

function configuration(address: string, port: number, addresses: Addresses): string {
  const lines = ['no-resolv', 'no-hosts', 'bind-interfaces', 'local=/example/', 'local-ttl=0']
  lines.push(`listen-address=${address}`, `port=${port}`)
  for (const [host, at] of hosts(addresses)) lines.push(`host-record=${host},${at}`)
  for (const server of serverNames) {
    for (const kind of kinds) {
      for (const domain of [domainOf(kind, server), roomsOf(kind, server)]) {
        const [service, at] = kind === 'direct' ? ['_xmpps-server', S2S_TLS_PORT] : ['_xmpp-server', S2S_PORT]
        lines.push(`srv-host=${service}._tcp.${domain},${hostOf(server, kind)},${at},0,5`)
      }
    }
  }
  return lines.join('\n') + '\n'
}
