/** Prosody of Debian in the world: STARTTLS, EXTERNAL, dialback, bidi, stream management, direct TLS, and a pin of ours. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryHome } from '../home.ts'
import { requireProgram, runToEnd } from '../processes.ts'
import { S2S_PORT, S2S_TLS_PORT } from './dns.ts'
import { domainOf, kinds, roomsOf, serverNames, type Kind, type ServerName } from './kinds.ts'
import { Launched } from './launched.ts'
import type { FederatedServer, World } from './server.ts'

/** Starts it; `name` says whose place in the world it takes, so that there may be two. */
export async function launchProsody(world: World, name: ServerName = 'prosody'): Promise<FederatedServer> {
  const command = requireProgram('prosody', 'prosody')
  const prosodyctl = requireProgram('prosodyctl', 'prosody')
  const home = temporaryHome('prosody')
  const address = world.addresses[name]
  const configFile = join(home.path, 'prosody.cfg.lua')
  const logFile = join(home.path, 'prosody.log')
  mkdirSync(join(home.path, 'data'))
  mkdirSync(join(home.path, 'modules'))
  writeFileSync(join(home.path, 'modules/mod_pins.lua'), pins(world))
  writeFileSync(configFile, configuration(home.path, world, name))
  const launched = new Launched({
    name: 'Prosody',
    network: world.network,
    command,
    args: ['-F', '--config', configFile],
    env: home.env,
    cwd: home.path,
    address,
    ports: [5222, S2S_PORT, S2S_TLS_PORT],
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
  })
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
    name,
    version: `Prosody ${/Prosody version (\S+)/u.exec(launched.log())?.[1] ?? ''}`.trim(),
    address: () => address,
    confirmation: 'stream management',
    async addAccount(jid, password) {
      const [local = '', host = ''] = jid.split('@')
      await runToEnd(prosodyctl, ['--config', configFile, 'register', local, host, password], { env: home.env })
    },
    log: () => launched.log(),
    get pids() {
      return [launched.pid]
    },
    kill: (signal = 'SIGKILL') => launched.stop(signal),
    start: () => launched.start(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function configuration(folder: string, world: World, name: ServerName): string {
  const host = (kind: Kind) => {
    const { certificateFile, keyFile } = world.identities[name][kind]
    const ssl = `ssl = { certificate = "${certificateFile}"; key = "${keyFile}"; cafile = "${world.caFile}" }`
    const secure = `s2s_secure_auth = ${kind === 'dialback' ? 'false' : 'true'}`
    return `
VirtualHost "${domainOf(kind, name)}"
  ${ssl}
  ${secure}
Component "${roomsOf(kind, name)}" "muc"
  ${ssl}
  ${secure}
  restrict_room_creation = false
  muc_room_default_public = true
  muc_room_locking = false
`
  }
  const { certificateFile, keyFile } = world.identities[name].direct
  return `
run_as_root = true
daemonize = false
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${folder}"
plugin_paths = { "${folder}/modules" }
log = { debug = "${folder}/prosody.log" }
interfaces = { "${world.addresses[name]}" }
c2s_ports = { 5222 }
s2s_ports = { ${S2S_PORT} }
s2s_direct_tls_ports = { ${S2S_TLS_PORT} }
s2s_direct_tls_ssl = { certificate = "${certificateFile}"; key = "${keyFile}"; cafile = "${world.caFile}" }
s2s_require_encryption = true
http_ports = {}
https_ports = {}
authentication = "internal_hashed"
storage = "internal"
unbound = {
  resolvconf = false, hoststxt = false, forward = "${world.dns.address}@${world.dns.port}",
  options = { ["do-not-query-localhost:"] = "no" },
}
modules_enabled = {
  "roster", "saslauth", "tls", "dialback", "s2s_bidi", "disco", "private", "version", "time", "ping", "smacks",
  "offline", "posix", "pins",
}
${kinds.map(host).join('')}`
}

/** Prosody's distribution has no pinning: the same fifteen lines as its community module, for the pinned domains. */
function pins(world: World): string {
  const entries = serverNames.map(
    name => `["${domainOf('pinned', name)}"] = "${world.identities[name].pinned.fingerprint}"`,
  )
  const rooms = serverNames.map(
    name => `["${roomsOf('pinned', name)}"] = "${world.identities[name].pinned.fingerprint}"`,
  )
  return `module:set_global()
local pins = { ${[...entries, ...rooms].join(', ')} }
module:hook("s2s-check-certificate", function (event)
  local pin = event.host and pins[event.host]
  if not pin then return end
  local match = event.cert and event.cert:digest("sha256") == pin
  event.session.cert_chain_status = match and "valid" or "invalid"
  event.session.cert_identity_status = match and "valid" or "invalid"
  return true
end, 10)
`
}
