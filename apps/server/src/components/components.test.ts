import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { handshakeOf } from '@tercet/component'
import { LoadClient } from '@tercet/testkit/load-client'
import { freePorts } from '@tercet/testkit'
import { expect, test, vi } from 'vitest'
import { Home, type RunningServer } from '../cli/program.fixture.ts'

vi.setConfig({ testTimeout: 60_000 })

const password = 'Rosencrantz-31'

/** A program that is a component, with nothing but a socket. */
class Program implements Disposable {
  readonly #socket: Socket
  #text = ''

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1' })
    this.#socket.on('data', chunk => (this.#text += String(chunk)))
  }

  static async login(server: RunningServer, name: string, secret: string): Promise<Program> {
    const program = new Program(server.port('component'))
    program.send(
      `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${name}'>`,
    )
    const [, id = ''] = await program.expect(/<stream:stream[^>]* id='(\w+)'/)
    program.send(`<handshake>${await handshakeOf(id, secret)}</handshake>`)
    await program.expect(/<handshake\/>/)
    return program
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** Takes all up to what is wanted. */
  async expect(wanted: RegExp): Promise<RegExpExecArray> {
    const late = AbortSignal.timeout(10_000)
    for (;;) {
      const found = wanted.exec(this.#text)
      if (found) {
        this.#text = this.#text.slice(found.index + found[0].length)
        return found
      }
      if (late.aborted) throw new Error(`${String(wanted)} did not come, but: ${this.#text}`)
      await once(this.#socket, 'data', { signal: late }).catch(() => undefined)
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

function client(server: RunningServer, domain: string, local: string): LoadClient {
  return new LoadClient({ host: '127.0.0.1', port: server.port('c2s'), domain, local, password, tls: true })
}

test('a component talks to users here and of other servers, and what it was owed outlives a kill', async () => {
  const [one = 0, two = 0] = await freePorts(2)
  const target = (name: string, port: number): string =>
    `[[s2s.domain]]\nname = "${name}"\ntarget = "127.0.0.1:${port}"\n`
  const table = '[[component]]\nname = "bot.one.test"\nsecret = "Wherefore?"\n'
  const listen = `s2s = ["127.0.0.1:${one}"]\ncomponent = ["127.0.0.1:0"]`
  await using first = Home.of('one.test', listen, table + target('two.test', two))
  const others = target('one.test', one) + target('bot.one.test', one)
  await using second = Home.of('two.test', `s2s = ["127.0.0.1:${two}"]`, others)
  const [a, b] = await Promise.all([first.start(), second.start()])
  await first.run('account', 'add', 'romeo@one.test', '--password', password)
  await second.run('account', 'add', 'juliet@two.test', '--password', password)
  const romeo = await client(a, 'one.test', 'romeo').login()
  const juliet = await client(b, 'two.test', 'juliet').login()
  for (const user of [romeo, juliet]) user.send('<presence/>')

  // Nobody is there, and it is not looked for elsewhere.
  romeo.send("<iq type='get' id='q1' to='bot.one.test'><query xmlns='jabber:iq:version'/></iq>")
  await romeo.expect(/id='q1'.*<service-unavailable /)

  const items = "<query xmlns='http://jabber.org/protocol/disco#items'/>"
  using bot = await Program.login(a, 'bot.one.test', 'Wherefore?')
  romeo.send(`<iq type='get' id='q2' to='one.test'>${items}</iq>`)
  await romeo.expect(/<item jid='bot\.one\.test'/)
  romeo.send("<message to='echo@bot.one.test' type='chat' id='m1'><body>From here</body></message>")
  await bot.expect(/<message [^>]*from='romeo@one\.test\/[^>]*>.*From here/)
  bot.send("<message from='echo@bot.one.test/e' to='romeo@one.test' type='chat'><body>Echo here</body></message>")
  await romeo.expect(/Echo here/)

  expect((await first.run('status')).stdout).toMatch(/^component +bot\.one\.test: connected, \d stanzas unconfirmed$/m)

  // Both ways between servers: this one proves the domain of its component by dialback.
  juliet.send("<message to='echo@bot.one.test' type='chat' id='m2'><body>From afar</body></message>")
  await bot.expect(/<message [^>]*from='juliet@two\.test\/[^>]*>.*From afar/)
  bot.send("<message from='echo@bot.one.test/e' to='juliet@two.test' type='chat'><body>Echo afar</body></message>")
  await juliet.expect(/Echo afar/)
  expect((await first.run('s2s', 'test', 'bot.one.test')).stderr).toBe(
    'tercet: bot.one.test is served here: it never leaves this server\n',
  )

  // A promise is kept by the next process.
  romeo.send("<enable xmlns='urn:xmpp:sm:3'/>")
  await romeo.expect(/<enabled /)
  romeo.send(
    "<message to='echo@bot.one.test' type='chat' id='m3'><body>Before the kill</body></message><r xmlns='urn:xmpp:sm:3'/>",
  )
  await romeo.expect(/<a [^>]*h='1'/)
  a.child.kill('SIGKILL')
  await once(a.child, 'close')
  const again = await first.start()
  using back = await Program.login(again, 'bot.one.test', 'Wherefore?')
  await back.expect(/Before the kill/)
  const [, id = ''] = await back.expect(/<iq type='get' [^>]*id='(\w+)'><ping /)
  back.send(`<iq type='result' id='${id}' from='bot.one.test' to='one.test'/>`)
  expect(again.stdout).not.toContain('Wherefore?')
  expect(await again.end()).toBe(0)
  await back.expect(/<system-shutdown /)
})
