/** Asks clients what they can do, on behalf of the account that they share their presence with (XEP-0115 §5.4, §6.2). */

import type { FullJid } from '@tercet/jid'
import { DecodeError, iq, type Iq } from '@tercet/stanza'
import * as wire from '@tercet/stanza/disco'
import type { Timed } from '@tercet/stream'
import type { Account } from '../../account.ts'
import type { Host } from '../../host.ts'
import { newToken } from '../../token.ts'
import type { Turn } from '../../turn.ts'
import type { Claim } from './claim.ts'
import type { Features, KnownCaps } from './known.ts'

/** Somebody whose features are not known yet. */
export interface Unknown {
  readonly jid: FullJid
  readonly claim: Claim
  /** Asks. */
  readonly account: Account
  /** Hears what it can do; undefined: it did not tell. */
  learn(features: Features | undefined): void
}

/** What is open at once, and how long; how much somebody may be able to do. */
export interface QuestionLimits {
  readonly answerMs: number
  readonly maxOpen: number
  readonly maxFeatures: number
}

/** One claim that is being looked into: the first who made it is asked, the next only if that one does not tell the truth. */
interface Question extends Timed {
  readonly waiting: Unknown[]
  readonly claim: Claim
  id: string
}

/** Open questions of one host. */
export class Questions {
  readonly #host: Host
  readonly #known: KnownCaps
  readonly #limits: QuestionLimits
  readonly #byKey = new Map<string, Question>()
  readonly #byId = new Map<string, Question>()

  constructor(host: Host, known: KnownCaps, limits: QuestionLimits) {
    this.#host = host
    this.#known = known
    this.#limits = limits
  }

  /** Asks, unless somebody with the same claim is being asked already. */
  ask(unknown: Unknown, turn: Turn): void {
    const { key } = unknown.claim
    const open = key === undefined ? undefined : this.#byKey.get(key)
    if (open) {
      if (open.waiting.length < this.#limits.maxOpen) open.waiting.push(unknown)
      return
    }
    if (this.#byId.size >= this.#limits.maxOpen) return
    const question: Question = {
      claim: unknown.claim,
      waiting: [unknown],
      id: '',
      wheelSlot: undefined,
      due: () => (this.#next(question, undefined), 0),
    }
    if (key !== undefined) this.#byKey.set(key, question)
    this.#send(question, unknown, turn)
  }

  /** Takes the answer to a question of ours that reached `account`; false: it is none. */
  answered(account: Account, answer: Iq): boolean {
    const question = this.#byId.get(answer.id)
    const asked = question?.waiting[0]
    // RFC 6120 §8.1.3: by id and sender; an id alone could be guessed.
    if (!question || !asked || answer.from?.text !== asked.jid.text || asked.account.jid.text !== account.jid.text)
      return false
    this.#byId.delete(question.id)
    this.#host.server.wheel.remove(question)
    const info = this.#read(answer)
    if (!info) {
      this.#next(question, undefined)
      return true
    }
    const features: Features = new Set(info.features)
    const { key } = question.claim
    if (key === undefined || !question.claim.proves(info)) {
      // §5.4: what is not proved is true of who said it, at most.
      this.#next(question, features)
      return true
    }
    this.#byKey.delete(key)
    this.#known.add(key, features)
    for (const unknown of question.waiting) unknown.learn(features)
    return true
  }

  #read(answer: Iq): wire.DiscoInfo | undefined {
    if (answer.type !== 'result') return undefined
    try {
      const info = answer.get(wire.infoResult)
      return info && info.features.length <= this.#limits.maxFeatures ? info : undefined
    } catch (error) {
      if (error instanceof DecodeError) return undefined
      throw error
    }
  }

  /** Who was asked has said this much; it is the next one's turn. */
  #next(question: Question, features: Features | undefined): void {
    this.#byId.delete(question.id)
    question.waiting.shift()?.learn(features)
    const [next] = question.waiting
    if (next) void this.#host.server.work(turn => this.#send(question, next, turn))
    else if (question.claim.key !== undefined) this.#byKey.delete(question.claim.key)
  }

  #send(question: Question, { jid, account }: Unknown, turn: Turn): void {
    const { wheel } = this.#host.server
    question.id = `caps-${newToken()}`
    this.#byId.set(question.id, question)
    wheel.add(question, wheel.now + this.#limits.answerMs)
    const payload = wire.info.request.write({ node: question.claim.node })
    const request = iq({ type: 'get', id: question.id, from: account.jid, to: jid, payload })
    // Past the account's own guards: the question is the server's.
    const session = this.#host.server.session(jid)
    if (session) session.sendStanza(request)
    else this.#host.send(request, turn)
  }
}
