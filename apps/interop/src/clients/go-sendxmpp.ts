/** go-sendxmpp (Go's TLS): one process listens, another one is started for each message sent. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryHome, type Home } from '../home.ts'
import { Peer, requireProgram, runToEnd } from '../processes.ts'
import { waitFor } from '../wait.ts'
import type { InteropClient, Login, Talker } from './interop-client.ts'

export const goSendxmpp: InteropClient<Talker> = {
  name: 'go-sendxmpp',
  doors: ['starttls', 'direct tls'],
  async version() {
    using home = temporaryHome('go-sendxmpp-version')
    const text = await runToEnd(requireProgram('go-sendxmpp', 'go-sendxmpp'), ['--version'], { env: home.env })
    return /go-sendxmpp (\S+)/u.exec(text)?.[1] ?? 'of unknown version'
  },
  async login(login) {
    const home = temporaryHome('go-sendxmpp')
    const session = new GoSendxmpp(requireProgram('go-sendxmpp', 'go-sendxmpp'), home, login)
    try {
      await session.bound()
      return session
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  },
}

class GoSendxmpp implements Talker {
  readonly tls = 'verified by Go'
  readonly #program: string
  readonly #arguments: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  readonly #home: Home
  readonly #listener: Peer
  /** Its resource is its own choice, so the JID comes from what the server answers. */
  #jid = ''

  constructor(program: string, home: Home, { server, jid, password, door = 'starttls', caFile }: Login) {
    const direct = door === 'direct tls'
    const configFile = join(home.path, 'sendxmpprc')
    writeFileSync(configFile, `username: ${jid}\npassword: ${password}\n`, { mode: 0o600 })
    const address = `${server.host}:${direct ? server.c2sTlsPort : server.c2sPort}`
    this.#program = program
    this.#arguments = ['-f', configFile, '-j', address, ...(direct ? ['-t'] : [])]
    this.#env = { ...home.env, SSL_CERT_FILE: caFile ?? server.caFile }
    this.#home = home
    // Debugging prints the server's XML, which is the only sign of a login.
    this.#listener = new Peer(program, [...this.#arguments, '-d', '-l'], { env: this.#env, cwd: home.path })
  }

  get jid(): string {
    return this.#jid.slice(0, Math.max(0, this.#jid.indexOf('/')))
  }

  async bound(): Promise<void> {
    this.#jid = await this.#output('login', text => /<jid>([^<]+)<\/jid>/u.exec(text)?.[1])
  }

  async say(to: string, body: string): Promise<void> {
    await using sender = new Peer(this.#program, [...this.#arguments, to], { env: this.#env, cwd: this.#home.path })
    sender.child.stdin.end(body)
    await waitFor('go-sendxmpp has sent and ended', () => sender.ended, { evidence: () => sender.output })
    if (sender.child.exitCode !== 0) throw new Error(`go-sendxmpp could not send\n${sender.output}`)
  }

  async waitForMessage(from: string, body: string): Promise<{ delayed: undefined }> {
    await this.#output(`message of ${from}`, text => text.includes(`Z ${from}: ${body}\n`) || undefined)
    return { delayed: undefined }
  }

  async logout(): Promise<void> {
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.stop({ signal: 'SIGINT', graceMs: 1_000 })
    this.#home[Symbol.dispose]()
  }

  #output<T>(what: string, match: (text: string) => T | undefined): Promise<T> {
    return waitFor(
      `go-sendxmpp: ${what}`,
      () => {
        const found = match(this.#listener.output)
        if (found === undefined && this.#listener.ended) throw new Error(`go-sendxmpp ended\n${this.#listener.output}`)
        return found
      },
      { evidence: () => this.#listener.output },
    )
  }
}
