/** mcabber (LoudMouth, GnuTLS), typed at in a terminal. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryHome, type Home } from '../home.ts'
import { requireProgram, runToEnd } from '../processes.ts'
import { Screen } from '../screen.ts'
import type { InteropClient, Login, Session, Show } from './interop-client.ts'

/** mcabber's word for a show, and the letter that its screen has for it. */
const words: Readonly<Record<Show | 'unavailable', readonly [word: string, letter: string]>> = {
  away: ['away', 'a'],
  chat: ['free', 'f'],
  dnd: ['dnd', 'd'],
  xa: ['notavail', 'n'],
  unavailable: ['offline', '_'],
}

export const mcabber: InteropClient = {
  name: 'mcabber',
  doors: ['starttls', 'direct tls'],
  async version() {
    using home = temporaryHome('mcabber-version')
    const text = await runToEnd(requireProgram('mcabber', 'mcabber'), ['-V'], { env: home.env })
    return /MCabber (\S+)/u.exec(text)?.[1] ?? 'of unknown version'
  },
  async login(login) {
    const program = requireProgram('mcabber', 'mcabber')
    const home = temporaryHome('mcabber')
    const screen = await Screen.open('mcabber', home, [program, '-f', configure(home, login)])
    const session = new Mcabber(screen, home, `${login.jid}/${login.resource}`)
    try {
      await screen.shows('Your status has been set', {
        trouble: /Certificate is not trusted|Not.Authorized|Authentication failed|LM-SSL: .*(fail|error)/iu,
      })
      await screen.shows('Remote fingerprint: SHA256:')
      return session
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  },
}

function configure(home: Home, { server, jid, password, resource, door = 'starttls', caFile }: Login): string {
  const direct = door === 'direct tls'
  const folder = join(home.path, '.mcabber')
  const file = join(folder, 'mcabberrc')
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(
    file,
    `set jid = ${jid}
set password = ${password}
set server = ${server.host}
set port = ${direct ? server.c2sTlsPort : server.c2sPort}
set resource = ${resource}
set disable_random_resource = 1
set ${direct ? 'ssl' : 'tls'} = 1
set ssl_ca = ${caFile ?? server.caFile}
set roster_display_filter = ofdna_
set roster_width = 40
set log_win_height = 25
`,
    { mode: 0o600 },
  )
  return file
}

class Mcabber implements Session {
  readonly jid: string
  readonly tls = 'verified by GnuTLS'
  readonly #screen: Screen
  readonly #home: Home

  constructor(screen: Screen, home: Home, jid: string) {
    this.#screen = screen
    this.#home = home
    this.jid = jid
  }

  async subscribe(contact: string): Promise<void> {
    await this.#screen.type(`/add ${contact}`)
    await this.#screen.shows(`Sent presence notification request to <${contact}>`)
  }

  async approve(contact: string): Promise<void> {
    await this.#screen.shows(line => line.includes(`<${contact}> wants to subscribe`))
    await this.#screen.type('/event * accept')
    await this.#screen.shows(line => line.includes(`<${contact}>`) && line.includes('allowed to receive'))
  }

  async waitForSubscription(contact: string, subscription: string): Promise<void> {
    await this.#look(contact, `Subscription: ${subscription}`)
  }

  async setPresence(show: Show, status: string): Promise<void> {
    await this.#screen.type(`/status ${words[show][0]} ${status}`)
  }

  async waitForPresence(contact: string, show: Show | 'unavailable', status?: string): Promise<void> {
    // The title says `[d] Buddy: juliet@interop.test -- asleep`.
    const title = `[${words[show][1]}] Buddy: ${contact}${status === undefined ? '' : ` -- ${status}`}`
    await this.#screen.shows(title, { before: [`/roster search ${contact}`] })
  }

  async say(to: string, body: string): Promise<void> {
    await this.#screen.type(`/say_to -q ${to} ${body}`)
  }

  async waitForMessage(from: string, body: string): Promise<{ delayed: undefined }> {
    // An empty line enters the chat, which shows its messages and marks them as read.
    await this.#screen.shows(body, { before: [`/roster search ${from}`, ''] })
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

  /** Asks for what is known of a contact until it reads as wanted. */
  #look(contact: string, wanted: string): Promise<void> {
    return this.#screen.shows(wanted, { before: [`/roster search ${contact}`, '/info'] })
  }
}
