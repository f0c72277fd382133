/** Our own server as the server under test: the sources, started as a user would start the program. */

import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { temporaryHome } from '../home.ts'
import { accepts, freePorts } from '../ports.ts'
import { Peer, runToEnd } from '../processes.ts'
import { waitFor } from '../wait.ts'
import { makeCertificate } from './certificate.ts'
import type { ServerUnderTest } from './server-under-test.ts'
import { handoverShare } from './tercet-log.ts'

const domain = 'interop.test'
const main = fileURLToPath(new URL('../../../server/src/main.ts', import.meta.url))
const fromSource = ['--conditions=@tercet/source', main]
/** Each command is a process: compiled once, it costs half a second less of the next one's. */
const compiled = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)) }

/** A server that can be killed with no time for a last word, and started again over what it left. */
export interface MortalServer extends ServerUnderTest {
  /** Where external components connect; of no use without one. */
  readonly componentPort: number
  /** Stanzas on its disk that somebody, or that destination, is still owed, or was until a moment ago: rows outlive confirmations by 50 ms. */
  owed(destination?: string): number
  kill(): Promise<void>
  start(): Promise<void>
}

/** What else it serves. */
interface TercetOptions {
  /** An external component that it knows. */
  readonly component?: { readonly name: string; readonly secret: string }
}

/** Starts a Tercet of its own in a temporary folder on free loopback ports. */
export async function launchTercet({ component }: TercetOptions = {}): Promise<MortalServer> {
  const home = temporaryHome('tercet')
  const tls = await makeCertificate(home.path, domain)
  const [c2sPort = 0, c2sTlsPort = 0, httpPort = 0, componentPort = 0] = await freePorts(4)
  const configFile = join(home.path, 'tercet.toml')
  const pidFile = join(home.path, 'tercet.pid')
  const data = join(home.path, 'data')
  mkdirSync(data)
  // JSON strings are TOML basic strings.
  writeFileSync(
    configFile,
    `data = ${JSON.stringify(data)}

[[host]]
name = "${domain}"
${component ? `\n[[component]]\nname = "${component.name}"\nsecret = ${JSON.stringify(component.secret)}\n` : ''}
[listen]
c2s = ["127.0.0.1:${c2sPort}"]
c2s_tls = ["127.0.0.1:${c2sTlsPort}"]
http = ["127.0.0.1:${httpPort}"]
${component ? `component = ["127.0.0.1:${componentPort}"]\n` : ''}
[http]
url = "https://localhost:${httpPort}"

[tls]
certificate = ${JSON.stringify(tls.certificateFile)}
key = ${JSON.stringify(tls.keyFile)}
`,
  )

  const command = [...fromSource, 'start', '--config', configFile, '--pid-file', pidFile, '--log-level', 'debug']
  let log = ''
  let server: Peer
  const start = async () => {
    rmSync(pidFile, { force: true })
    server = new Peer(process.execPath, command, { env: { ...home.env, ...compiled }, cwd: home.path })
    await waitFor(
      'Tercet accepts connections and has written its pid file',
      async () => {
        if (server.ended) throw new Error(`Tercet ended at once\n${server.output}`)
        const open = (await accepts(c2sPort)) && (await accepts(c2sTlsPort)) && (await accepts(httpPort))
        return open && existsSync(pidFile)
      },
      { timeoutMs: 30_000, evidence: () => server.output },
    )
  }
  const stop = async () => {
    await server.stop({ graceMs: 10_000 })
    home[Symbol.dispose]()
  }
  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }

  return {
    name: 'Tercet',
    domain,
    host: '127.0.0.1',
    c2sPort,
    c2sTlsPort,
    componentPort,
    wsUrl: `${(await speaksTls(httpPort)) ? 'wss' : 'ws'}://127.0.0.1:${httpPort}/ws`,
    boshUrl: `https://localhost:${httpPort}/bosh`,
    ...tls,
    async addAccount(jid, password) {
      const add = [...fromSource, 'account', 'add', jid, '--password', password, '--config', configFile]
      await runToEnd(process.execPath, add, { env: { ...home.env, ...compiled } })
    },
    handoverShare: jid => handoverShare(jid, () => log + server.output),
    log: () => log + server.output,
    owed(destination = '%') {
      using database = new DatabaseSync(join(data, 'tercet.db'), { readOnly: true })
      return Number(
        database
          .prepare(
            'SELECT count(*) AS rows FROM spool JOIN destination ON destination.id = spool.destination WHERE name LIKE ?',
          )
          .get(destination)?.['rows'],
      )
    },
    async kill() {
      await server.stop({ signal: 'SIGKILL' })
      log += server.output
    },
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Whether the HTTP door is behind TLS; the scheme of the WebSocket follows from it. */
async function speaksTls(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5_000) })
    return true
  } catch {
    return false
  } finally {
    socket.on('error', () => {}).destroy()
  }
}
