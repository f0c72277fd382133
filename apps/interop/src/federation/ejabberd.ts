/** ejabberd of Debian in the world: STARTTLS, EXTERNAL, dialback, direct TLS. It knows no pins and no XEP-0198 between servers. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ejabberdCommand } from '@tercet/testkit'
import { temporaryHome } from '../home.ts'
import { S2S_PORT, S2S_TLS_PORT } from './dns.ts'
import { domainOf, kinds, type Kind } from './kinds.ts'
import { Launched } from './launched.ts'
import type { FederatedServer, World } from './server.ts'

const HTTP_PORT = 5280
/** A script: its arguments are an address and what is sent there. An account that is there is as good as a new one. */
const post = `
const [, url, body] = process.argv
const answer = await fetch(url, { method: 'POST', body })
if (!answer.ok && answer.status !== 409) throw new Error(url + ' answers ' + (await answer.text()))
`

/** Starts it, as a lone Erlang node that neither listens for others nor starts their name service. */
export async function launchEjabberd(world: World): Promise<FederatedServer> {
  const home = temporaryHome('ejabberd')
  const address = world.addresses.ejabberd
  const file = (name: string) => join(home.path, name)
  mkdirSync(file('data'))
  writeFileSync(file('ejabberd.yml'), configuration(world))
  const [a, b, c, d] = world.dns.address.split('.')
  writeFileSync(
    file('inetrc'),
    // In this order: naming the files forgets the name servers.
    `{resolv_conf, ""}.\n{hosts_file, ""}.\n{cache_size, 0}.\n{lookup, [file, dns]}.\n{nameserver, {${a},${b},${c},${d}}, ${world.dns.port}}.\n`,
  )
  const logFile = file('ejabberd.log')
  const launched = new Launched({
    name: 'ejabberd',
    network: world.network,
    command: '/usr/bin/unshare',
    // It asks Erlang for SRV records but the C library for addresses: that one is shown our hosts in a mount namespace.
    args: [
      ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
      '--mount',
      '/bin/sh',
      '-c',
      'mount --bind "$0" /etc/hosts && exec "$@"',
      world.dns.hostsFile,
      ...(await ejabberdCommand(home.path)),
    ],
    env: {
      ...home.env,
      ERL_INETRC: file('inetrc'),
    },
    cwd: home.path,
    address,
    ports: [5222, S2S_PORT, S2S_TLS_PORT, HTTP_PORT],
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
  })
  const accounts = new Map<string, string>()
  const register = async ([jid, password]: readonly [string, string]) => {
    const [user, host] = jid.split('@')
    const url = `http://${address}:${HTTP_PORT}/api/register`
    await world.network.run(process.execPath, ['-e', post, url, JSON.stringify({ user, host, password })])
  }
  const stop = async () => {
    await launched.stop()
    home[Symbol.dispose]()
  }
  try {
    await launched.start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name: 'ejabberd',
    version: `ejabberd ${/ejabberd (\d\S+) is started/u.exec(launched.log())?.[1] ?? ''}`.trim(),
    address: () => address,
    confirmation: 'none',
    async addAccount(jid, password) {
      await register([jid, password])
      accounts.set(jid, password)
    },
    log: () => launched.log(),
    get pids() {
      return [launched.pid]
    },
    kill: (signal = 'SIGKILL') => launched.stop(signal),
    async start() {
      await launched.start()
      // It writes its log of transactions every two seconds: a kill takes accounts that were made just before.
      for (const account of accounts) await register(account)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function configuration(world: World): string {
  const address = world.addresses.ejabberd
  const hosts = kinds.map(kind => `  - ${domainOf(kind, 'ejabberd')}`)
  const certificates = kinds.map(kind => `  - ${world.identities.ejabberd[kind].bundleFile}`)
  // Where dialback is not loaded, nothing but a trusted certificate counts. It pins nothing, so that its pinned domain
  // takes dialback and the other side alone looks at a pin.
  const lenient: readonly Kind[] = ['dialback', 'pinned']
  const policies = lenient.map(kind => `  ${domainOf(kind, 'ejabberd')}:\n    modules:\n      mod_s2s_dialback: {}`)
  const listeners = [
    `port: 5222\n    module: ejabberd_c2s\n    starttls: true`,
    `port: ${S2S_PORT}\n    module: ejabberd_s2s_in`,
    `port: ${S2S_TLS_PORT}\n    module: ejabberd_s2s_in\n    tls: true`,
    `port: ${HTTP_PORT}\n    module: ejabberd_http\n    request_handlers:\n      /api: mod_http_api`,
  ]
  return `loglevel: debug
hosts:
${hosts.join('\n')}
certfiles:
${certificates.join('\n')}
ca_file: ${world.caFile}
s2s_cafile: ${world.caFile}
auth_password_format: scram
s2s_use_starttls: required
s2s_max_retry_delay: 2
outgoing_s2s_families:
  - ipv4
append_host_config:
${policies.join('\n')}
acl:
  loopback:
    ip:
      - 127.0.0.0/8
api_permissions:
  tests:
    who:
      ip: 127.0.0.0/8
    what:
      - "*"
listen:
${listeners.map(it => `  -\n    ip: ${address}\n    ${it}`).join('\n')}
shaper_rules: {}
modules:
  mod_disco: {}
  mod_muc:
    host: rooms.@HOST@
    access_create: all
    default_room_options:
      persistent: false
  mod_offline: {}
  mod_ping: {}
  mod_roster: {}
  mod_stream_mgmt:
    max_ack_queue: 50000
  mod_version: {}
`
}
