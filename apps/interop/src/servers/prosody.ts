/** Prosody of Debian as the server under test: the tests are developed against it, and a doubtful one is tried on it. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryHome } from '../home.ts'
import { accepts, freePorts } from '../ports.ts'
import { Peer, requireProgram, runToEnd } from '../processes.ts'
import { waitFor } from '../wait.ts'
import { makeCertificate, type TlsFiles } from './certificate.ts'
import type { ServerUnderTest } from './server-under-test.ts'

const domain = 'interop.test'

/** Starts a Prosody of its own in a temporary folder, in the foreground, on free loopback ports. */
export async function launchProsody(): Promise<ServerUnderTest> {
  const prosody = requireProgram('prosody', 'prosody')
  const prosodyctl = requireProgram('prosodyctl', 'prosody')
  const home = temporaryHome('prosody')
  const tls = await makeCertificate(home.path, domain)
  const [c2sPort = 0, c2sTlsPort = 0, httpsPort = 0] = await freePorts(3)
  const configFile = join(home.path, 'prosody.cfg.lua')
  const logFile = join(home.path, 'prosody.log')
  mkdirSync(join(home.path, 'data'))
  writeFileSync(configFile, configuration(home.path, tls, { c2sPort, c2sTlsPort, httpsPort }))
  writeFileSync(logFile, '')

  const server = new Peer(prosody, ['-F', '--config', configFile], { env: home.env, cwd: home.path })
  const log = () => server.output + readFileSync(logFile, 'utf8')
  const stop = async () => {
    await server.stop()
    home[Symbol.dispose]()
  }
  try {
    await waitFor(
      'Prosody accepts connections',
      async () => {
        if (server.ended) throw new Error(`Prosody ended at once\n${log()}`)
        return (await accepts(c2sPort)) && (await accepts(c2sTlsPort)) && (await accepts(httpsPort))
      },
      { evidence: log },
    )
  } catch (error) {
    await stop()
    throw error
  }

  return {
    name: `Prosody ${/Prosody version (\S+)/u.exec(log())?.[1] ?? ''}`.trim(),
    domain,
    host: '127.0.0.1',
    c2sPort,
    c2sTlsPort,
    wsUrl: `wss://127.0.0.1:${httpsPort}/ws`,
    boshUrl: `https://127.0.0.1:${httpsPort}/bosh`,
    ...tls,
    async addAccount(jid, password) {
      const [local = '', host = ''] = jid.split('@')
      await runToEnd(prosodyctl, ['--config', configFile, 'register', local, host, password], { env: home.env })
    },
    handoverShare: () => Promise.resolve(undefined),
    log,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

interface Ports {
  readonly c2sPort: number
  readonly c2sTlsPort: number
  readonly httpsPort: number
}

function configuration(folder: string, tls: TlsFiles, { c2sPort, c2sTlsPort, httpsPort }: Ports): string {
  const certificate = `{ certificate = "${tls.certificateFile}"; key = "${tls.keyFile}" }`
  return `
run_as_root = true
daemonize = false
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
certificates = "${folder}"
log = { info = "${folder}/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${c2sPort} }
c2s_direct_tls_ports = { ${c2sTlsPort} }
s2s_ports = {}
http_ports = {}
https_ports = { ${httpsPort} }
http_default_host = "${domain}"
http_paths = { websocket = "/ws"; bosh = "/bosh" }
http_external_url = "https://127.0.0.1:${httpsPort}/"
cross_domain_bosh = true
cross_domain_websocket = true
ssl = ${certificate}
c2s_direct_tls_ssl = ${certificate}
https_ssl = ${certificate}
c2s_require_encryption = true
authentication = "internal_hashed"
storage = "internal"
modules_enabled = {
  "roster", "saslauth", "tls", "disco", "carbons", "pep", "private", "blocklist", "vcard4", "vcard_legacy",
  "version", "uptime", "time", "ping", "smacks", "csi_simple", "mam", "offline", "websocket", "bosh", "posix",
}
modules_disabled = { "s2s" }
VirtualHost "${domain}"
Component "upload.${domain}" "http_file_share"
http_host = "${domain}"
`
}
