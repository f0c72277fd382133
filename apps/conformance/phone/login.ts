/** How a device comes in: step by step, as all clients can, or at once, as those of today do. */

import { randomUUID } from 'node:crypto'
import { LoginRefused, type LoadClient } from '@tercet/testkit/load-client'

export const NS_SM = 'urn:xmpp:sm:3'

/** A session that a device would like to have again. */
export interface Wish {
  readonly previd: string
  /** Stanzas that it has handled. */
  readonly h: number
}

/** A stream that is ready. */
export interface Entered {
  /** It is the old session. */
  readonly resumed: boolean
  /** What the server says that it has handled of the old session; undefined: it does not know. */
  readonly h: number | undefined
  /** Of the new session. */
  readonly smId: string | undefined
}

/** Logs in, and resumes a session or binds a new one with stream management. */
export type LogIn = (client: LoadClient, wish: Wish | undefined) => Promise<Entered>

const ENABLE = `<enable xmlns='${NS_SM}' resume='true'/>`
const ENABLED = /<enabled [^>]*?id='([^']*)'[^>]*>/
const RESUMED_OR_NOT = /<failed [^>]*>.*?<\/failed>|<resumed [^>]*>/s

/** SASL, then a resumption or Bind, then stream management: each in a round trip of its own (RFC 6120, XEP-0198). */
export const stepByStep: LogIn = async (client, wish) => {
  await client.authenticate()
  let h: number | undefined
  if (wish) {
    client.send(resume(wish))
    const [answer] = await client.expect(RESUMED_OR_NOT)
    h = countOf(answer)
    if (answer.startsWith('<resumed')) return { resumed: true, h, smId: undefined }
  }
  await client.bind()
  client.send(ENABLE)
  const [, smId] = await client.expect(ENABLED)
  return { resumed: false, h, smId }
}

/** One installation of a client of today: SASL2 with all that is wanted inside, by a token from the second login on (XEP-0388, 0386, 0484). */
export class Installation {
  /** How often a token was all it took. */
  byToken = 0
  /** How often a token was not taken. */
  refused = 0
  readonly #client = randomUUID()
  #token: string | undefined

  readonly logIn: LogIn = async (client, wish) => {
    const token = this.#token
    try {
      const done = await client.logInAtOnce({
        client: this.#client,
        token,
        binding: ENABLE,
        beside: wish ? resume(wish) : '',
      })
      if (!done) throw new Error('The server has no extensible SASL')
      if (token !== undefined) this.byToken++
      this.#token = done.token
      const [answer = ''] = RESUMED_OR_NOT.exec(done.success) ?? []
      const h = answer === '' ? undefined : countOf(answer)
      if (answer.startsWith('<resumed')) return { resumed: true, h, smId: undefined }
      return { resumed: false, h, smId: ENABLED.exec(done.success)?.[1] }
    } catch (error) {
      if (error instanceof LoginRefused && token !== undefined) {
        this.refused++
        this.#token = undefined
      }
      throw error
    }
  }
}

function resume({ previd, h }: Wish): string {
  return `<resume xmlns='${NS_SM}' previd='${previd}' h='${h}'/>`
}

function countOf(answer: string): number | undefined {
  const [, h] = /\bh='(\d+)'/.exec(answer) ?? []
  return h === undefined ? undefined : Number(h)
}
