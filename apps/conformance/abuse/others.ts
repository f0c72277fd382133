/** Abuse of what belongs to others: their archives, nodes, conversations, tokens and the disk that all share. */

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { LoadClient } from '@tercet/testkit/load-client'
import { bound, crowd, opened, type Abuse } from './abuse.ts'
import { header, Raw } from './raw.ts'
import type { Target } from './target.ts'

const PUBSUB = 'http://jabber.org/protocol/pubsub'
const UPLOAD = 'urn:xmpp:http:upload:0'
/** Who guesses is refused for a while; nothing else comes from there. */
const GUESSER = '127.0.0.68'

/** What nobody may ask of an account but its owner. */
const intrusions: readonly [type: 'get' | 'set', payload: string][] = [
  ['set', "<query xmlns='urn:xmpp:mam:2'/>"],
  ['get', "<metadata xmlns='urn:xmpp:mam:2'/>"],
  ['set', "<prefs xmlns='urn:xmpp:mam:2' default='never'/>"],
  ['get', "<inbox xmlns='urn:xmpp:inbox:1'/>"],
  ['get', "<query xmlns='jabber:iq:roster'/>"],
  ['get', "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>"],
  ['get', `<pubsub xmlns='${PUBSUB}'><items node='urn:xmpp:bookmarks:1'/></pubsub>`],
  ['get', `<pubsub xmlns='${PUBSUB}'><items node='urn:xmpp:mds:displayed:0'/></pubsub>`],
  [
    'set',
    `<pubsub xmlns='${PUBSUB}'><publish node='urn:xmpp:avatar:metadata'><item><metadata xmlns='urn:xmpp:avatar:metadata'/></item></publish></pubsub>`,
  ],
  ['set', `<pubsub xmlns='${PUBSUB}#owner'><delete node='urn:xmpp:omemo:2:devices'/></pubsub>`],
  ['set', "<block xmlns='urn:xmpp:blocking'><item jid='watcher@a.test'/></block>"],
]

/** Files that nobody means well with: what is asked for, and what the answer has to be. */
const names: readonly [attributes: string, answer: RegExp][] = [
  ["filename='../../../etc/passwd' size='1'", /upload\/[\w-]{43}\/passwd'/],
  ["filename='..\\..\\boot.ini' size='1'", /upload\/[\w-]{43}\/boot\.ini'/],
  ["filename='a&#x202E;gpj.exe' size='1'", /upload\/[\w-]{43}\/agpj\.exe'/],
  [
    "filename='&lt;script&gt;.html' size='1' content-type='text/html&#10;x: y'",
    /upload\/[\w-]{43}\/%3Cscript%3E\.html'/,
  ],
  [`filename='${'n'.repeat(20_000)}' size='1'`, /upload\/[\w-]{43}\/n{128}'/],
  ["filename='n' size='-1'", /bad-request/],
  ["filename='n' size='1e400'", /bad-request/],
  ["filename='n' size='9007199254740993'", /bad-request|file-too-large/],
  ["filename='n' size='104857601'", /file-too-large/],
  ["filename='n'", /bad-request/],
]

/** A request of a client, and what of the answer comes up to `</iq>` or the end of an empty one. */
async function asks(client: LoadClient, type: string, to: string, payload: string): Promise<string> {
  const id = randomBytes(6).toString('hex')
  client.send(`<iq type='${type}' id='${id}' to='${to}'>${payload}</iq>`)
  const [answer] = await client.expect(new RegExp(`<iq [^>]*id='${id}'[^>]*(?:/>|>.*?</iq>)`, 's'))
  return answer
}

function expectMatch(title: string, text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${title}: the answer was ${JSON.stringify(text.slice(0, 400))}`)
}

/** Puts bytes at an address of ours, whatever length it says; gives the status, 0 for none. */
function put({ http }: Target, path: string, body: string, length: number): Promise<number> {
  return new Promise(resolve => {
    const headers = { 'content-length': String(length) }
    const sent = request({ host: '127.0.0.1', port: http, method: 'PUT', path, agent: false, headers }, response => {
      response.resume()
      response.on('close', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', () => resolve(0))
    sent.write(body)
    // What says that more comes, and sends none, is gone.
    if (length > body.length) setTimeout(() => sent.destroy(), 50)
    else sent.end()
  })
}

/** Kinds of abuse. */
export const others: readonly Abuse[] = [
  {
    title: 'questions about the archives and nodes of others',
    async run(target) {
      const client = await bound(target, 'mallory', 'curious')
      for (const [type, payload] of intrusions)
        for (const to of ['victim@a.test', 'nobody-at-all@a.test'])
          expectMatch(payload, await asks(client, type, to, payload), /<forbidden|<service-unavailable/)
      client.destroy()
    },
  },
  {
    title: 'forged carbons, and retractions of what others have said',
    async run(target) {
      const client = await bound(target, 'mallory', 'forger')
      const victim = await bound(target, 'victim', 'home')
      victim.send('<presence/>')
      for (let index = 0; index < 200; index++) {
        const inner = `<message xmlns='jabber:client' from='trudy@a.test' to='victim@a.test' type='chat'><body>forged</body></message>`
        const forged = `<${index % 2 === 0 ? 'received' : 'sent'} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>${inner}</forwarded></${index % 2 === 0 ? 'received' : 'sent'}>`
        client.send(`<message to='victim@a.test' id='c${index}' from='victim@a.test'>${forged}</message>`)
        client.send(
          `<message to='victim@a.test' type='chat' id='r${index}'><retract xmlns='urn:xmpp:message-retract:1' id='m${index}'/></message>`,
        )
      }
      await client.expect(/<message [^>]*id='c199'[^>]*>.*?<policy-violation/s)
      // All that has come, up to the last retraction.
      const [read] = await victim.expect(/^.*<message [^>]*id='r199'/s)
      if (read.includes('forged')) throw new Error(`a forged carbon arrived: ${read.slice(0, 300)}`)
      client.destroy()
      victim.destroy()
    },
  },
  {
    title: 'uploads with hostile names and sizes',
    async run(target) {
      const client = await bound(target, 'oscar', 'uploader')
      const slots: string[] = []
      for (const [attributes, answer] of names) {
        const said = await asks(client, 'get', 'a.test', `<request xmlns='${UPLOAD}' ${attributes}/>`)
        // Who has taken all slots that there are for one hears that.
        expectMatch(attributes, said, new RegExp(`${answer.source}|resource-constraint`))
        const [, path] = /<put url='https?:\/\/[^/]+(\/[^']+)'/.exec(said) ?? []
        if (path !== undefined) slots.push(path)
      }
      for (const path of slots) {
        const statuses = [
          await put(target, path, 'much more than one', 18),
          await put(target, `${path}/../../../data`, 'x', 1),
          await put(target, path, '', 1),
          await put(target, path, 'x', 1),
        ]
        if (statuses.some(status => status === 201)) throw new Error(`${path} was put: ${statuses.join(', ')}`)
        if (statuses[0] !== 413 || statuses[1] !== 404) throw new Error(`${path}: ${statuses.join(', ')}`)
      }
      client.destroy()
    },
  },
  {
    title: '1,000 logins that stop half-way (SEC-06)',
    run: target =>
      crowd(1000, 25, async index => {
        // From 100 addresses: ten from one are what its people may do at once.
        const raw = await opened(target, { address: `127.0.4.${1 + (index % 100)}` })
        const first = Buffer.from(`n,,n=half${index},r=abcdefghijklmnop`).toString('base64')
        raw.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>${first}</auth>`)
        await raw.expect(/<\/challenge>|<\/failure>/)
        // Some go, some are waited for.
        if (index % 10 > 0) raw.destroy()
        else expectMatch('the end', await raw.ended(), /connection-timeout|policy-violation/)
      }),
  },
  {
    title: 'guesses at tokens of somebody else’s client (XEP-0484)',
    run: target =>
      crowd(10, 10, async () => {
        const raw = await new Raw(target.tls, { address: GUESSER }).connected()
        await raw.secure()
        raw.send(header(target.domain))
        await raw.expect(/<\/stream:features>/)
        for (let guesses = 0; guesses < 30 && !raw.over; guesses++) {
          raw.text = ''
          const proof = Buffer.concat([Buffer.from('victim\0'), randomBytes(32)]).toString('base64')
          raw.send(
            `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>${proof}</initial-response>` +
              `<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/><fast xmlns='urn:xmpp:fast:0'/></authenticate>`,
          )
          await raw.expect(/<\/failure>|<\/stream:stream>|<success/)
          if (raw.text.includes('<success')) throw new Error('A guess was a token')
          if (raw.text.includes('</stream:stream>')) break
        }
        expectMatch('the end', await raw.ended(), /policy-violation|connection-timeout/)
      }),
  },
]
