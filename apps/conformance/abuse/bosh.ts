/** Abuse of the HTTP door: BOSH sessions that nobody finishes, bombs in bodies, and guesses at names that nobody may guess. */

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { until } from '../crash/within.ts'
import { crowd, type Abuse } from './abuse.ts'
import type { Target } from './target.ts'

const NS = 'http://jabber.org/protocol/httpbind'
const create = `<body xmlns='${NS}' xmlns:xmpp='urn:xmpp:xbosh' to='a.test' rid='1' ver='1.6' hold='1' wait='60' xmpp:version='1.0'/>`

/** What the server answers to one request on a connection of its own; `''`: it ended without an answer. */
function ask(
  { http }: Target,
  method: string,
  path: string,
  { body = '', localAddress = '127.0.0.1' }: { readonly body?: string; readonly localAddress?: string } = {},
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise(resolve => {
    const ended = (): void => resolve({ status: 0, text: '' })
    const sent = request({ host: '127.0.0.1', port: http, method, path, localAddress, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', ended)
    })
    sent.on('error', ended)
    sent.end(body)
  })
}

const post = (target: Target, body: string, localAddress?: string) =>
  ask(target, 'POST', '/bosh', localAddress === undefined ? { body } : { body, localAddress })

function expectMatch(title: string, text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${title}: the answer was ${JSON.stringify(text.slice(0, 300))}`)
}

let addresses = 0

/** One address does not create sessions without end, so each one comes from another. */
function nextAddress(): string {
  const count = addresses++
  return `127.0.${3 + (Math.floor(count / 250) % 250)}.${1 + (count % 250)}`
}

/** The id of a new session; undefined: there are as many as the server takes, since what has ended is remembered for some seconds. */
async function session(target: Target, title: string): Promise<string | undefined> {
  const { text } = await post(target, create, nextAddress())
  const [, sid] = /sid='([^']+)'/.exec(text) ?? []
  if (sid === undefined) expectMatch(title, text, /policy-violation/)
  return sid
}

/** A body that is refused before there is a session, or that ends the one that it is for; then each needs a session of its own. */
function bomb(title: string, body: (sid: string) => string, answer: RegExp, { ends = false } = {}): Abuse {
  let thrown = 0
  const throwAt = async (target: Target, sid: string): Promise<void> => {
    thrown++
    const last = await post(target, body(sid))
    // A server that stops to listen in the middle of too much is right as well.
    if (last.status !== 0) expectMatch(title, last.text, answer)
  }
  return {
    title,
    async run(target) {
      const shared = ends ? undefined : await session(target, title)
      await crowd(4, 2, async () => {
        const sid = shared ?? (ends ? await session(target, title) : undefined)
        if (sid !== undefined) await throwAt(target, sid)
      })
      if (shared !== undefined) await post(target, `<body xmlns='${NS}' rid='2' sid='${shared}' type='terminate'/>`)
      if (thrown === 0) throw new Error(`${title}: there was no session to throw it at`)
    },
  }
}

const of = (sid: string, payload: string): string => `<body xmlns='${NS}' rid='2' sid='${sid}'>${payload}</body>`

export const web: readonly Abuse[] = [
  {
    // From 40 addresses, 25 from each: what a minute allows, and what it does not.
    title: '1000 BOSH sessions that do not log in',
    async run(target) {
      const { streams } = await target.figures()
      await crowd(1000, 10, async index => {
        const { status, text } = await post(target, create, `127.0.2.${1 + (index % 40)}`)
        if (status !== 0) expectMatch('a session', text, /stream:features|policy-violation/)
      })
      // Nobody asks for them again, and they are over all the same.
      await until(20_000, 'Sessions that do not log in end', async () => (await target.figures()).streams <= streams)
    },
  },
  {
    title: 'BOSH sessions without end from one address',
    async run(target) {
      let refused = 0
      await crowd(300, 5, async () => {
        const { text } = await post(target, create, '127.0.1.9')
        if (text.includes('policy-violation')) refused++
      })
      if (refused < 100) throw new Error(`${refused} of 300 were refused`)
    },
  },
  bomb('a BOSH body of 10 MB', sid => of(sid, 'a'.repeat(10_000_000)), /bad-request/),
  bomb('an entity bomb over BOSH', sid => `<!DOCTYPE b [<!ENTITY a 'aaaa'>]>${of(sid, '&a;')}`, /bad-request/),
  bomb('deep nesting over BOSH', sid => of(sid, '<a>'.repeat(30_000)), /bad-request/),
  bomb(
    'a stanza of 300 kB over BOSH',
    sid => of(sid, `<message xmlns='jabber:client'>${'a'.repeat(300_000)}</message>`),
    /policy-violation/,
    { ends: true },
  ),
  bomb(
    'a BOSH session that is out of order',
    sid => of(sid, '').replace("rid='2'", "rid='9007199254740991'"),
    /item-not-found/,
  ),
  {
    title: 'guesses at BOSH sessions and uploaded files',
    run: target =>
      crowd(200, 10, async index => {
        const guess = randomBytes(24).toString('base64url')
        if (index % 2 === 0) expectMatch('a guess', (await post(target, of(guess, ''))).text, /item-not-found/)
        else {
          const method = index % 4 === 1 ? 'GET' : 'PUT'
          const { status } = await ask(
            target,
            method,
            `/upload/${guess}${guess}/rose.png`,
            method === 'PUT' ? { body: 'x' } : {},
          )
          if (status !== 404) throw new Error(`a guess was answered with ${status}`)
        }
      }),
  },
]
