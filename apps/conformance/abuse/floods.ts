/** More of what is allowed than anybody needs: connections, logins, stanzas, and answers that nobody reads (XEP-0205). */

import type { LoadClient } from '@tercet/testkit/load-client'
import { bound, crowd, gone, opened, paced, pause, type Abuse } from './abuse.ts'
import { frame, header, Raw, upgrade } from './raw.ts'
import type { Target } from './target.ts'

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
/** Who guesses is refused for a while; nothing else comes from there. */
const GUESSER = '127.0.0.67'
const words = 'a'.repeat(9000)

/** Logs in over a WebSocket, and then reads nothing. */
async function deafWebSocket({ http, domain }: Target, plain: string): Promise<Raw> {
  const raw = await new Raw(http).connected()
  await raw.secure()
  raw.send(upgrade())
  await raw.expect(/101 Switching/)
  const say = async (text: string, answer: RegExp): Promise<void> => {
    raw.text = ''
    raw.send(frame(1, text))
    await raw.expect(answer)
  }
  const open = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${domain}' version='1.0'/>`
  await say(open, /<\/stream:features>/)
  await say(`<auth xmlns='${NS_SASL}' mechanism='PLAIN'>${plain}</auth>`, /<success/)
  await say(open, /<\/stream:features>/)
  await say(
    "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>deaf</resource></bind></iq>",
    /<\/jid>/,
  )
  await say("<presence xmlns='jabber:client'/>", /<presence/)
  raw.socket.pause()
  return raw
}

/** Counts what matches in what a client reads. */
function counting(client: LoadClient, pattern: RegExp): { count: number } {
  const counted = { count: 0 }
  client.onData = chunk => (counted.count += chunk.toString('latin1').match(pattern)?.length ?? 0)
  return counted
}

/** Sends until the connection of the deaf one is gone, and then no more. */
async function sendUntilGone(sender: LoadClient, to: string, isGone: () => boolean, what: string): Promise<void> {
  for (let sent = 0; sent < 6000 && !isGone(); sent += 10) {
    sender.send(`<message to='${to}' type='headline'><body>${words}</body></message>`.repeat(10))
    await pause(4)
  }
  if (!isGone()) throw new Error(`${what} was not cut off after 54 MB`)
}

/** Floods. */
export const floods: readonly Abuse[] = [
  {
    title: '2,000 connections, opened and closed',
    run: target =>
      crowd(2000, 20, async index => {
        const raw = await new Raw([target.c2s, target.tls, target.http][index % 3]!).connected()
        if (index % 2 === 0) raw.send(header(target.domain))
        raw.destroy()
        await raw.closed
      }),
  },
  {
    title: 'resets at every stage',
    run: target =>
      crowd(300, 10, async index => {
        const stage = index % 6
        if (stage === 5) {
          const client = await bound(target, 'mallory', `reset-${index}`)
          client.send("<enable xmlns='urn:xmpp:sm:3'/><presence/><message to='mallory@a.test'><bo")
          client.socket.resetAndDestroy()
          return
        }
        const raw = await new Raw(stage === 3 ? target.tls : stage === 4 ? target.http : target.c2s).connected()
        if (stage === 1) raw.send(header(target.domain))
        if (stage === 2) {
          raw.send(header(target.domain))
          await raw.expect(/<\/stream:features>/)
          raw.send(`<auth xmlns='${NS_SASL}' mechanism='PLAIN'>`)
        }
        if (stage === 4) raw.send(upgrade())
        raw.reset()
        await raw.closed
      }),
  },
  {
    title: 'failed logins: delayed, counted, and the stream closed (SEC-06)',
    run: target =>
      crowd(20, 20, async index => {
        const raw = await opened(target, { address: GUESSER })
        const guess = Buffer.from(`\0mallory\0secret-guess-${index}`).toString('base64')
        let failures = 0
        while (!raw.over && failures < 30) {
          raw.text = ''
          raw.send(`<auth xmlns='${NS_SASL}' mechanism='PLAIN'>${guess}</auth>`)
          await raw.expect(/<\/failure>|<\/stream:stream>/)
          failures++
          if (/<\/stream:stream>/.test(raw.text)) break
        }
        const said = await raw.ended()
        if (!/policy-violation|connection-timeout/.test(said)) throw new Error(`the end was ${said.slice(-300)}`)
      }),
  },
  {
    title: 'messages to an account that nobody is at: kept up to the limit, then refused',
    async run(target) {
      const senders = await Promise.all(['mallory', 'trudy', 'oscar'].map(local => bound(target, local)))
      const refused = senders.map(sender => counting(sender, /<service-unavailable|<resource-constraint/g))
      const message = `<message to='nobody@${target.domain}' type='chat'><body>${'a'.repeat(100)}</body></message>`
      await Promise.all(senders.map(sender => paced(sender, 1500, () => message)))
      await pause(500)
      for (const sender of senders) sender.destroy()
      const count = refused.reduce((sum, { count }) => sum + count, 0)
      if (count < 3500) throw new Error(`only ${count} of 4,500 messages were refused`)
    },
  },
  {
    title: 'messages to a client that never confirms anything (XEP-0198 §4)',
    async run(target) {
      const victim = await bound(target, 'victim', 'never-confirms')
      let said = ''
      victim.onData = chunk => (said = (said + chunk.toString('latin1')).slice(-1000))
      victim.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>")
      await pause(100)
      const over = gone(victim)
      const sender = await bound(target, 'mallory')
      sender.onData = () => {}
      const message = `<message to='victim@${target.domain}/never-confirms' type='headline'><body>a</body></message>`
      await paced(sender, 5500, () => message)
      await over
      sender.destroy()
      if (!/resource-constraint/.test(said)) throw new Error(`the end was ${said.slice(-300)}`)
    },
  },
  {
    title: 'messages to a client that answers no ping, and says that it is alive',
    async run(target) {
      const victim = await bound(target, 'victim', 'answers-nothing')
      let said = ''
      victim.onData = chunk => (said = (said + chunk.toString('latin1')).slice(-1000))
      victim.send('<presence/>')
      await pause(100)
      const over = gone(victim)
      const sender = await bound(target, 'mallory')
      sender.onData = () => {}
      sender.send("<enable xmlns='urn:xmpp:sm:3'/>")
      const message = `<message to='victim@${target.domain}' type='chat'><body>${'a'.repeat(200)}</body></message>`
      await paced(sender, 5500, () => message)
      await Promise.race([over, pause(5000)])
      sender.destroy()
      victim.destroy()
      if (!/resource-constraint/.test(said)) throw new Error(`the end was ${said.slice(-300)}`)
      await forget(target, 'victim')
    },
  },
  {
    title: 'a client that changes its roster and never confirms an answer',
    async run(target) {
      const client = await bound(target, 'oscar', 'roster')
      let said = ''
      client.onData = chunk => (said = (said + chunk.toString('latin1')).slice(-1000))
      client.send("<enable xmlns='urn:xmpp:sm:3'/><iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
      const over = gone(client)
      const change = (index: number): string =>
        `<iq type='set' id='s${index}'><query xmlns='jabber:iq:roster'><item jid='c@${target.domain}' name='${index}'/></query></iq>`
      await paced(client, 3000, change, { each: 20, pauseMs: 5 })
      await Promise.race([over, pause(10_000)])
      if (!/resource-constraint/.test(said)) throw new Error(`the end was ${said.slice(-300)}`)
    },
  },
  {
    title: 'presence, again and again',
    async run(target) {
      const clients = await Promise.all(
        [0, 1, 2, 3].map(index => bound(target, index % 2 ? 'mallory' : 'trudy', `presence-${index}`)),
      )
      for (const client of clients) client.onData = () => {}
      await Promise.all(
        clients.map(client =>
          paced(client, 2000, index => `<presence><status>${index}</status></presence>`, { each: 40 }),
        ),
      )
      await pause(300)
      for (const client of clients) client.destroy()
    },
  },
  {
    title: 'directed presence to everybody',
    async run(target) {
      const client = await bound(target, 'mallory', 'directed')
      const refused = counting(client, /<resource-constraint/g)
      await paced(client, 3000, index => `<presence to='somebody-${index}@${target.domain}'/>`)
      await pause(300)
      client.destroy()
      if (refused.count < 1900) throw new Error(`only ${refused.count} of 3,000 were refused`)
    },
  },
  {
    title: 'requests to a client that never answers, and answers that nobody asked for',
    async run(target) {
      const victim = await bound(target, 'mallory', 'mute')
      victim.onData = () => {}
      const sender = await bound(target, 'mallory', 'asks')
      sender.onData = () => {}
      await paced(sender, 4000, index =>
        index % 2
          ? `<iq type='get' id='q${index}' to='mallory@${target.domain}/mute'><a xmlns='urn:a'/></iq>`
          : `<iq type='result' id='q${index}' to='trudy@${target.domain}'/>`,
      )
      await pause(300)
      sender.destroy()
      victim.destroy()
    },
  },
  {
    title: 'requests whose answers are not read',
    async run(target) {
      const client = await bound(target, 'mallory', 'deaf')
      client.socket.pause()
      const over = gone(client)
      // Together in one write each time: their answers are much longer than they are.
      const ask = `<iq type='get' id='d' to='${target.domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`
      for (let sent = 0; sent < 40_000 && !client.closed; sent += 200) {
        client.send(ask.repeat(200))
        await pause(5)
      }
      client.destroy()
      await over
    },
  },
  {
    title: 'a long roster, asked for again and again in one write',
    async run(target) {
      const client = await bound(target, 'trudy', 'long-roster')
      const done = counting(client, /<iq [^>]*type=['"]result/g)
      const item = (index: number): string =>
        `<iq type='set' id='i${index}'><query xmlns='jabber:iq:roster'><item jid='contact-${index}@${target.domain}' name='${'n'.repeat(1000)}'/></query></iq>`
      await paced(client, 300, item, { each: 10 })
      for (let waited = 0; done.count < 300 && waited < 200; waited++) await pause(50)
      client.socket.pause()
      const over = gone(client)
      client.send("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>".repeat(2000))
      await pause(3000)
      client.destroy()
      await over
    },
  },
  {
    title: 'a client that does not read while others write to it',
    async run(target) {
      const deaf = await bound(target, 'victim', 'deaf')
      deaf.send('<presence/>')
      await pause(100)
      const sender = await bound(target, 'mallory')
      sender.onData = () => {}
      deaf.socket.pause()
      let served = 1
      await sendUntilGone(sender, `victim@${target.domain}/deaf`, () => served === 0, 'The client')
        .catch(() => undefined)
        .finally(() => (served = 0))
      sender.destroy()
      // What the system still held is read, and then comes the end.
      deaf.onData = () => {}
      const over = gone(deaf)
      deaf.socket.resume()
      await Promise.race([over, pause(10_000).then(() => Promise.reject(new Error('The client was not cut off')))])
    },
  },
  {
    title: 'a WebSocket that does not read while others write to it',
    async run(target) {
      const plain = Buffer.from('\0victim\0secret-victim').toString('base64')
      const deaf = await deafWebSocket(target, plain)
      const sender = await bound(target, 'mallory')
      sender.onData = () => {}
      await sendUntilGone(sender, `victim@${target.domain}/deaf`, () => false, 'The WebSocket').catch(() => undefined)
      sender.destroy()
      deaf.socket.resume()
      await deaf.ended(10_000)
    },
  },
]

/** Takes what was kept for an account, so that the next round finds it as it was. */
async function forget(target: Target, local: string): Promise<void> {
  const client = await bound(target, local, 'forgets')
  client.onData = chunk => {
    for (const [, id] of chunk.toString('latin1').matchAll(/id='(confirm-\d+)'/g))
      client.send(`<iq type='result' id='${id}' to='${target.domain}'/>`)
  }
  client.send('<presence/>')
  await pause(1000)
  client.send('</stream:stream>')
  await gone(client)
}
