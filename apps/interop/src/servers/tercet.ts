/** Our own server as the server under test: the sources, started as a user would start the program. */

import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Starts a Tercet of its own in a temporary folder on free loopback ports. */
export async function launchTercet(): Promise<ServerUnderTest> {
  const home = temporaryHome('tercet')
  const tls = await makeCertificate(home.path, domain)
  const [c2sPort = 0, c2sTlsPort = 0, httpPort = 0] = await freePorts(3)
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

[listen]
c2s = ["127.0.0.1:${c2sPort}"]
c2s_tls = ["127.0.0.1:${c2sTlsPort}"]
http = ["127.0.0.1:${httpPort}"]

[tls]
certificate = ${JSON.stringify(tls.certificateFile)}
key = ${JSON.stringify(tls.keyFile)}
`,
  )

  const start = [...fromSource, 'start', '--config', configFile, '--pid-file', pidFile, '--log-level', 'debug']
  const server = new Peer(process.execPath, start, { env: home.env, cwd: home.path })
  const stop = async () => {
    await server.stop({ graceMs: 10_000 })
    home[Symbol.dispose]()
  }
  try {
    await waitFor(
      'Tercet accepts connections and has written its pid file',
      async () => {
        if (server.ended) throw new Error(`Tercet ended at once\n${server.output}`)
        const open = (await accepts(c2sPort)) && (await accepts(c2sTlsPort)) && (await accepts(httpPort))
        return open && existsSync(pidFile)
      },
      { timeoutMs: 30_000, evidence: () => server.output },
    )
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
    wsUrl: `${(await speaksTls(httpPort)) ? 'wss' : 'ws'}://127.0.0.1:${httpPort}/ws`,
    ...tls,
    async addAccount(jid, password) {
      const command = [...fromSource, 'account', 'add', jid, '--password', password, '--config', configFile]
      await runToEnd(process.execPath, command, { env: home.env })
    },
    handoverShare: jid => handoverShare(jid, () => server.output),
    log: () => server.output,
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
