/** Our own server in the world: two processes, since one has one certificate: that of the authority, and a self-made one. */

import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { DomainStatus } from '@tercet/s2s'
import { temporaryHome } from '../home.ts'
import { runToEnd } from '../processes.ts'
import { waitFor } from '../wait.ts'
import type { Identity } from './certificates.ts'
import { S2S_PORT, S2S_TLS_PORT, addressOf } from './dns.ts'
import { domainOf, isSelfMade, kinds, roomsOf, serverNames, type Kind, type ServerName } from './kinds.ts'
import { Launched } from './launched.ts'
import type { FederatedServer, World } from './server.ts'

const main = fileURLToPath(new URL('../../../server/src/main.ts', import.meta.url))
const fromSource = ['--conditions=@tercet/source', main]

/** Starts both processes of `name`, from the sources. */
export async function launchTercet(
  world: World,
  name: 'tercet' | 'twin',
  { answerSeconds = 30, windowStanzas = 1000, apart = false }: Partial<Omit<Setup, 'world' | 'name'>> = {},
): Promise<FederatedServer> {
  const home = temporaryHome(name)
  const halves = (['external', 'dialback'] as const).map(kind =>
    half({ world, name, answerSeconds, windowStanzas, apart }, kind, home.path, home.env),
  )
  const [trusted, own] = halves
  const each = async (run: (launched: Launched) => Promise<void>) => {
    await Promise.all(halves.map(({ launched }) => run(launched)))
  }
  const stop = async () => {
    await each(launched => launched.stop())
    home[Symbol.dispose]()
  }
  try {
    await each(launched => launched.start())
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name,
    version: 'Tercet',
    address: kind => addressOf(world.addresses, name, kind),
    confirmation: 'stream management or pings',
    windowStanzas,
    async addAccount(jid, password) {
      const served = kinds.find(kind => jid.endsWith(`@${domainOf(kind, name)}`))
      const configFile = served !== undefined && isSelfMade(served) ? own!.configFile : trusted!.configFile
      const command = [...fromSource, 'account', 'add', jid, '--password', password, '--config', configFile]
      await runToEnd(process.execPath, command, { env: home.env })
    },
    log: kind =>
      (kind === undefined ? halves : [isSelfMade(kind) ? own! : trusted!]).map(it => it.launched.log()).join(''),
    get pids() {
      return halves.map(({ launched }) => launched.pid)
    },
    streams: kind => streams(isSelfMade(kind) ? own!.data : trusted!.data),
    kill: (signal = 'SIGKILL') => each(launched => launched.stop(signal)),
    start: () => each(launched => launched.start()),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** What a server of ours is set up by. */
interface Setup {
  readonly world: World
  readonly name: ServerName
  /** How long another server has to confirm what it was sent. */
  readonly answerSeconds: number
  /** As many stanzas may be under way to it. */
  readonly windowStanzas: number
  /** Each host shows a certificate of its own; the common one is trusted by nobody. */
  readonly apart: boolean
}

function half(setup: Setup, kind: Kind, folder: string, env: NodeJS.ProcessEnv) {
  const { world, name } = setup
  const address = addressOf(world.addresses, name, kind)
  const below = join(folder, kind)
  const data = join(below, 'data')
  mkdirSync(data, { recursive: true })
  const configFile = join(below, 'tercet.toml')
  writeFileSync(configFile, configuration(setup, kind, data, address))
  const start = ['start', '--config', configFile, '--pid-file', join(below, 'tercet.pid'), '--log-level', 'debug']
  const launched = new Launched({
    name: `Tercet (${kind})`,
    network: world.network,
    command: process.execPath,
    args: [...fromSource, ...start],
    env,
    cwd: below,
    address,
    ports: [5222, S2S_PORT, S2S_TLS_PORT],
  })
  return { launched, configFile, data }
}

/** What `tercet s2s list` asks, without starting it each time. */
async function streams(data: string): Promise<readonly DomainStatus[]> {
  // One that starts opens its doors first.
  const socket = await waitFor('a local socket', async () => {
    const socket = connect(join(data, 'control.sock'))
    return once(socket, 'connect').then(
      () => socket,
      () => undefined,
    )
  })
  socket.end(`${JSON.stringify({ operation: 's2s.list', input: {} })}\n`)
  // What our own program answers.
  const { result } = JSON.parse(await text(socket)) as { result: { domains: readonly DomainStatus[] } }
  return result.domains
}

function files({ certificateFile, keyFile }: Identity): string {
  return `certificate = ${JSON.stringify(certificateFile)}\nkey = ${JSON.stringify(keyFile)}`
}

function configuration(setup: Setup, kind: Kind, data: string, address: string): string {
  const { world, name, answerSeconds, windowStanzas, apart } = setup
  const identities = world.identities[name]
  const served = kinds.filter(other => isSelfMade(other) === isSelfMade(kind))
  // JSON strings are TOML basic strings.
  const hosts = served.map(
    it =>
      `[[host]]\nname = "${domainOf(it, name)}"${apart && !isSelfMade(kind) ? `\n[host.tls]\n${files(identities[it])}` : ''}`,
  )
  const pins = serverNames.flatMap(other =>
    [domainOf('pinned', other), roomsOf('pinned', other)].map(
      domain =>
        `[[s2s.domain]]\nname = "${domain}"\nfingerprint = ["${world.identities[other].pinned.fingerprint}"]\nauthentication = "certificate"`,
    ),
  )
  return `data = ${JSON.stringify(data)}

${hosts.join('\n')}

[listen]
c2s = ["${address}:5222"]
s2s = ["${address}:${S2S_PORT}"]
s2s_tls = ["${address}:${S2S_TLS_PORT}"]

[tls]
${files(identities[apart ? 'dialback' : kind])}

[auth]
iterations = 4096

[s2s]
dns = ["${world.dns.address}:${world.dns.port}"]
private_addresses = true
ca = ${JSON.stringify(world.caFile)}
authentication = "${isSelfMade(kind) ? 'dialback' : 'certificate'}"
answer_seconds = ${answerSeconds}
window_stanzas = ${windowStanzas}

[limits]
offline_messages = 20000
unacknowledged = 50000

[modules.strangers]
per_hour = 100000

${isSelfMade(kind) ? pins.join('\n') : ''}
`
}
