/** Our own client as the other party. */

import { readFileSync } from 'node:fs'
import { createClient, incoming, tcp, type Apis, type Client } from '@tercet/client/node'
import { presence, roster, subscriptionChanged } from '@tercet/client/plugins'
import { Jid } from '@tercet/jid'
import { message, type Message } from '@tercet/stanza'
import { body } from '@tercet/stanza/im'
import type { ServerUnderTest } from '../servers/server-under-test.ts'
import { waitFor } from '../wait.ts'

const plugins = { presence, roster }

/** Somebody with @tercet/client, who lets everybody see his presence and wants to see theirs. */
export class Friend implements AsyncDisposable {
  readonly client: Client & Apis<typeof plugins>
  readonly #heard: Message[] = []

  private constructor(client: Client & Apis<typeof plugins>) {
    this.client = client
    client.on(incoming, 'show', ({ stanza }) => {
      if (stanza.kind === 'message') this.#heard.push(stanza)
    })
    client.on(subscriptionChanged, 'run', ({ from, type }) => {
      if (type !== 'subscribe') return
      void client.presence.approve(from)
      void client.presence.subscribe(from)
    })
  }

  static async login(server: ServerUnderTest, jid: string, password: string): Promise<Friend> {
    const { host, c2sPort: port, caFile } = server
    const connect = tcp({ target: { host, port }, tls: { ca: readFileSync(caFile, 'utf8') } })
    const friend = new Friend(await createClient({ jid, password, plugins, connect }))
    await friend.client.roster.load()
    await friend.client.presence.set()
    return friend
  }

  /** The words of all messages with words, in their order. */
  get words(): string[] {
    return this.#heard.map(it => it.get(body)).filter(words => words !== undefined)
  }

  /** Resolves when the server has it. */
  say(to: string, text: string): Promise<void> {
    return this.client.send(message({ to: Jid.parse(to), type: 'chat', payloads: [body.write(text)] }))
  }

  /** Waits for words like these, and gives them. */
  hears(words: string | RegExp): Promise<string> {
    const is = (text: string) => (typeof words === 'string' ? text === words : words.test(text))
    return waitFor(`${this.client.account.text} hears ${String(words)}`, () => this.words.find(is), {
      evidence: () => this.words.join('\n'),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close()
  }
}
