/** Converse.js in Debian's Chromium: the page that its documentation shows, and a person who clicks, types and reads. */

import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Locator, type Page } from 'playwright'
import { temporaryHome, type Home } from '../home.ts'
import { requireProgram, runToEnd } from '../processes.ts'
import type { ServerUnderTest } from '../servers/server-under-test.ts'
import { waitFor } from '../wait.ts'

/** The ways in of a page. */
export type Transport = 'websocket' | 'bosh'

const patience = 30_000
const dist = fileURLToPath(new URL('../../node_modules/converse.js/dist', import.meta.url))

/** The version in its manifest. */
export async function converseVersion(): Promise<string> {
  const manifest = await readFile(join(dist, '../package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

/** A browser that trusts the server's authority, and a web site with the page. */
export class ConverseSite implements AsyncDisposable {
  readonly #browser: Browser
  readonly #site: Server
  readonly #home: Home

  private constructor(browser: Browser, site: Server, home: Home) {
    this.#browser = browser
    this.#site = site
    this.#home = home
  }

  /** `caFile`: the authority to trust, default the server's own. */
  static async open(server: ServerUnderTest, caFile = server.caFile): Promise<ConverseSite> {
    const executablePath = requireProgram('chromium', 'chromium')
    const home = temporaryHome('converse')
    await trust(home, caFile)
    const site = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname
      const transport = /^\/(websocket|bosh)$/u.exec(path)?.[1]
      if (transport) {
        const url = transport === 'bosh' ? server.boshUrl : server.wsUrl
        return response.setHeader('content-type', 'text/html').end(page(transport as Transport, url))
      }
      readFile(join(dist, normalize(path.replace(/^\/dist/u, '')))).then(
        bytes => response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream').end(bytes),
        () => response.writeHead(404).end(),
      )
    })
    site.listen(0, '127.0.0.1')
    await once(site, 'listening')
    // Chromium looks into its user's NSS database for further authorities.
    const env = Object.fromEntries(Object.entries(home.env).map(([name, value]) => [name, value ?? '']))
    // A page that asks for somebody else's files gets none: nothing leaves this machine.
    const loopback = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'
    const browser = await chromium.launch({ executablePath, env, args: ['--no-sandbox', loopback] })
    return new ConverseSite(browser, site, home)
  }

  /**
   * A fresh browser, as on another computer, with somebody who logs in at the page's form.
   *
   * @throws {Error} with what the page or the browser says
   */
  async login(jid: string, password: string, transport: Transport): Promise<Converse> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 } })
    context.setDefaultTimeout(patience)
    const page = await context.newPage()
    const converse = new Converse(page)
    try {
      // A listening IP server has an address of this shape.
      await page.goto(`http://localhost:${(this.#site.address() as AddressInfo).port}/${transport}`)
      await page.locator('input[name=jid]').fill(jid)
      await page.locator('input[name=password]').fill(password)
      await page.locator('#converse-login button[type=submit]').click()
      await waitFor(
        'the contact list is there',
        () => {
          const trouble = /ERR_CERT_\w+|AUTHFAIL/u.exec(converse.evidence())?.[0]
          if (trouble !== undefined) throw new Error(trouble)
          return page.locator('#converse-roster').isVisible()
        },
        { timeoutMs: patience, everyMs: 100 },
      )
      return converse
    } catch (cause) {
      await context.close()
      throw new Error(`Converse.js is not logged in: ${String(cause)}\n${converse.evidence()}`, { cause })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close()
    this.#site.closeAllConnections()
    this.#site.close()
    this.#home[Symbol.dispose]()
  }
}

/** Somebody who sits before the page. */
export class Converse implements AsyncDisposable {
  readonly #page: Page
  readonly #console: string[] = []
  readonly #asked = new Map<string, string>()
  #answered = 0

  constructor(page: Page) {
    this.#page = page
    page.on('console', message => {
      const text = message.text()
      this.#console.push(text)
      // What it sends and gets is in its own log, each in a colour.
      const colour = /color: (darkcyan|darkgoldenrod)/u.exec(text)?.[1]
      if (colour) for (const [tag] of text.matchAll(/<iq\b[^>]*>/gu)) this.#note(tag, colour === 'darkcyan')
    })
    page.on('requestfailed', request => this.#console.push(`${request.failure()?.errorText ?? ''}: ${request.url()}`))
    page.on('pageerror', error => this.#console.push(`${error.name}: ${error.message}`))
  }

  #note(tag: string, sent: boolean): void {
    const id = /\bid=["']([^"']*)/u.exec(tag)?.[1] ?? ''
    const asks = /\btype=["'](?:get|set)/u.test(tag)
    if (sent && asks) this.#asked.set(id, tag)
    else if (!sent && !asks && this.#asked.delete(id)) this.#answered += 1
  }

  /** Waits until every iq that it has sent has its answer (RFC 6120 §8.2.3), and says how many there were. */
  async hasAllAnswers(): Promise<number> {
    await waitFor('every iq is answered', () => this.#asked.size === 0, {
      evidence: () => [...this.#asked.values()].join('\n'),
    })
    return this.#answered
  }

  /** Adds somebody to the contact list by the menu above it. */
  async add(jid: string): Promise<void> {
    const page = this.#page
    await page.locator('#converse-roster .dropdown--contacts button').click()
    await page.locator('#converse-roster a.add-contact').click()
    await page.locator('form.add-xmpp-contact input[name=jid]').fill(jid)
    await page.locator('form.add-xmpp-contact button[type=submit]').click()
  }

  /** Waits until the contact is in the list and shown with this presence. */
  async showsContact(jid: string, show: 'online' | 'dnd' | 'offline'): Promise<void> {
    await this.#contact(jid).locator(`.contact-name--${show}`).waitFor()
  }

  /** Opens the chat with a contact of the list. */
  async open(jid: string): Promise<void> {
    await this.#contact(jid).click()
    await this.#page.locator('.chat-textarea').waitFor()
  }

  /** Turns the padlock of the open chat, once there are keys to turn it with (XEP-0384). */
  async encrypt(): Promise<void> {
    await this.#page
      .locator('.toggle-omemo[data-disabled=false]')
      .click()
      .catch((cause: unknown) => {
        throw new Error(`Converse.js has no keys\n${this.evidence()}`, { cause })
      })
    await this.#page.locator('.toggle-omemo .fa-lock').waitFor()
  }

  async say(text: string): Promise<void> {
    await this.#page.locator('.chat-textarea').fill(text)
    await this.#page.locator('.chat-textarea').press('Enter')
  }

  /** Waits until the open chat shows these words as said by this side. */
  async shows(text: string, sender: 'me' | 'them'): Promise<void> {
    await this.#page
      .locator(`.chat-msg__content--${sender} .chat-msg__text`, { hasText: text })
      .waitFor()
      .catch(async (cause: unknown) => {
        throw new Error(`Converse.js does not show ${text}, but\n${await this.text()}\n${this.evidence()}`, { cause })
      })
  }

  /** Hands a picture to the open chat; resolves when the page shows it, from where the server keeps it. */
  async sendPicture(name: string, buffer: Buffer): Promise<void> {
    await this.#page.locator('.fileupload').setInputFiles({ name, mimeType: 'image/png', buffer })
    const image = this.#page.locator('img.chat-image')
    await image.waitFor()
    await waitFor('the picture is there', () => image.evaluate(it => (it as HTMLImageElement).naturalWidth > 0), {
      evidence: () => this.evidence(),
    })
  }

  /** COMPAT(Converse.js 14): it writes down a moment after it shows, and a page that is left before that has forgotten. */
  async keeps(text: string): Promise<void> {
    await waitFor(`Converse.js keeps ${text}`, () => this.#page.evaluate(isStored, text))
  }

  /** Leaves the page, and comes back in the same tab. */
  async leaveAnd(meanwhile: () => Promise<void>): Promise<void> {
    const url = this.#page.url()
    await this.#page.goto('about:blank')
    await meanwhile()
    await this.#page.goto(url)
    await this.#page.locator('#converse-roster').waitFor()
  }

  /** Whether the page shows a padlock at these words. */
  async isEncrypted(text: string): Promise<boolean> {
    const message = this.#page.locator('.chat-msg', { has: this.#page.locator('.chat-msg__text', { hasText: text }) })
    return (await message.getAttribute('data-encrypted')) === 'true'
  }

  /** All words of the open chat in their order. */
  async messages(): Promise<string[]> {
    const texts = await this.#page.locator('.chat-msg .chat-msg__text').allInnerTexts()
    return texts.map(text => text.trim())
  }

  /** What a person reads on the whole page. */
  text(): Promise<string> {
    return this.#page.locator('body').innerText()
  }

  /** The end of its log, for failures. */
  evidence(): string {
    return this.#console
      .slice(-40)
      .map(line => line.slice(0, 600))
      .join('\n')
  }

  /** The browser goes, and with it everything that it kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.context().close()
  }

  #contact(jid: string): Locator {
    return this.#page.locator(`#converse-roster a.open-chat[data-jid="${jid}"]`)
  }
}

/** In the page: whether some database of it has these words. */
async function isStored(text: string): Promise<boolean> {
  const done = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('The database does not answer'))
    })
  for (const { name = '' } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name))
    const stores = [...database.objectStoreNames]
    const found = stores.map(store => done(database.transaction(store).objectStore(store).getAll()))
    const values = JSON.stringify(await Promise.all(found))
    database.close()
    if (values.includes(text)) return true
  }
  return false
}

async function trust(home: Home, caFile: string): Promise<void> {
  const certutil = requireProgram('certutil', 'libnss3-tools')
  const folder = join(home.path, '.pki/nssdb')
  mkdirSync(folder, { recursive: true })
  const run = (...args: string[]) => runToEnd(certutil, ['-d', `sql:${folder}`, ...args], { env: home.env })
  await run('-N', '--empty-password')
  await run('-A', '-n', 'interop', '-t', 'C,,', '-i', caFile)
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
}

function page(transport: Transport, url: string): string {
  const settings = {
    [transport === 'bosh' ? 'bosh_service_url' : 'websocket_url']: url,
    assets_path: '/dist/',
    view_mode: 'fullscreen',
    loglevel: 'debug',
    i18n: 'en',
    discover_connection_methods: false,
  }
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Converse</title>
<link rel="stylesheet" href="/dist/converse.min.css">
<script type="module" src="/dist/converse.min.js"></script>
<body>
<script type="module">converse.initialize(${JSON.stringify(settings)})</script>
`
}
