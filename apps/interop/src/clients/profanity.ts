/** profanity (libstrophe, OpenSSL), typed at in a terminal. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryHome, type Home } from '../home.ts'
import { requireProgram, runToEnd } from '../processes.ts'
import { Screen } from '../screen.ts'
import type { InteropClient, Login, Session, Show } from './interop-client.ts'

export const profanity: InteropClient = {
  name: 'profanity',
  doors: ['starttls', 'direct tls'],
  async version() {
    using home = temporaryHome('profanity-version')
    const text = await runToEnd(requireProgram('profanity', 'profanity'), ['--version'], { env: home.env })
    return /version (\S+)/u.exec(text)?.[1] ?? 'of unknown version'
  },
  async login(login) {
    const program = requireProgram('profanity', 'profanity')
    const home = temporaryHome('profanity')
    configure(home, login)
    // libstrophe trusts what OpenSSL trusts by default, and this variable is where OpenSSL looks.
    const trust = { SSL_CERT_FILE: login.caFile ?? login.server.caFile }
    const screen = await Screen.open('profanity', home, [program, '--account', 'me'], trust)
    const session = new Profanity(screen, home, `${login.jid}/${login.resource}`)
    try {
      await screen.shows(/logged in successfully/u, { trouble: /Login failed|certificate verification failed/u })
      await screen.shows('[TLS]')
      return session
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  },
}

function configure(home: Home, { server, jid, password, resource, door = 'starttls' }: Login): void {
  const direct = door === 'direct tls'
  const settings = join(home.path, '.config', 'profanity')
  const accounts = join(home.path, '.local', 'share', 'profanity')
  mkdirSync(settings, { recursive: true })
  mkdirSync(accounts, { recursive: true })
  writeFileSync(join(settings, 'profrc'), '[ui]\nsplash=false\nroster=false\n')
  writeFileSync(
    join(accounts, 'accounts'),
    `[me]
enabled=true
jid=${jid}
resource=${resource}
server=${server.host}
port=${direct ? server.c2sTlsPort : server.c2sPort}
password=${password}
tls.policy=${direct ? 'legacy' : 'force'}
presence.login=online
`,
  )
}

class Profanity implements Session {
  readonly jid: string
  readonly tls = 'verified by OpenSSL'
  readonly #screen: Screen
  readonly #home: Home

  constructor(screen: Screen, home: Home, jid: string) {
    this.#screen = screen
    this.#home = home
    this.jid = jid
  }

  async subscribe(contact: string): Promise<void> {
    await this.#screen.type('/win 1')
    await this.#screen.type(`/roster add ${contact}`)
    await this.#screen.shows(`Roster item added: ${contact}`)
    await this.#screen.type(`/sub request ${contact}`)
    await this.#screen.shows(`Sent subscription request to ${contact}`)
  }

  async approve(contact: string): Promise<void> {
    await this.#screen.type('/win 1')
    await this.#screen.shows(`Received authorization request from ${contact}`)
    await this.#screen.type(`/sub allow ${contact}`)
    await this.#screen.shows(`Accepted subscription for ${contact}`)
  }

  async waitForSubscription(contact: string, subscription: string): Promise<void> {
    await this.#screen.type('/win 1')
    await this.#screen.shows(`${contact} - ${subscription}`, { before: ['/roster'] })
  }

  async setPresence(show: Show, status: string): Promise<void> {
    await this.#screen.type(`/status set ${show} "${status}"`)
  }

  async waitForPresence(contact: string, show: string, status?: string): Promise<void> {
    const told = `${show === 'unavailable' ? 'offline' : show}${status === undefined ? '' : `, "${status}"`}`
    await this.#screen.type('/win 1')
    // Say `++ juliet@interop.test (balcony) is dnd, "asleep"`.
    await this.#screen.shows(line => line.includes(contact) && line.includes(` is ${told}`))
  }

  async say(to: string, body: string): Promise<void> {
    await this.#screen.type(`/msg ${to} ${body}`)
  }

  async waitForMessage(from: string, body: string): Promise<{ delayed: undefined }> {
    await this.#screen.type(`/msg ${from}`)
    await this.#screen.shows(body)
    return { delayed: undefined }
  }

  async logout(): Promise<void> {
    await this.#screen.type('/quit')
    await this.#screen.waitForEnd()
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#screen[Symbol.asyncDispose]()
    this.#home[Symbol.dispose]()
  }
}
