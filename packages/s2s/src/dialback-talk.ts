/** Dialback on one stream (XEP-0220 1.1.1, XEP-0344 0.3): claims of the peer, claims of ours, and keys that are verified either way. */

import { asDomain } from '@tercet/jid'
import { StreamEnded } from '@tercet/stream'
import { StreamError } from '@tercet/stanza'
import type { Fragment } from '@tercet/xml'
import {
  answerText,
  pairKey,
  readAnswer,
  resultRequest,
  verifyRequest,
  type Pair,
  type Verification,
} from './dialback.ts'
import type { Link } from './link.ts'

/** Claims of the peer that are looked into at the same time. */
const MAX_CLAIMS = 20

interface Question {
  readonly resolve: (answer: Verification) => void
  readonly reject: (error: Error) => void
}

/** What is said about dialback on a stream that was negotiated. */
export class DialbackTalk {
  readonly #link: Link
  /** Our questions that have no answer yet, by what the answer repeats. */
  readonly #questions = new Map<string, Question>()
  readonly #claims = new Set<string>()
  /** The peer asked us about keys of ours. */
  hasVerified = false

  constructor(link: Link) {
    this.#link = link
  }

  /** An element of dialback. */
  element(fragment: Fragment): void {
    const from = asDomain(fragment.attr('from'))
    const to = asDomain(fragment.attr('to'))
    if (from === undefined || to === undefined)
      throw new StreamError('improper-addressing', { text: 'Dialback is between domains: from and to' })
    const pair = { from, to }
    const id = fragment.attr('id')
    if (fragment.attr('type') !== undefined) this.#answered(fragment, pair, id)
    else if (fragment.name === 'result') this.#claimed(pair, fragment.content.directText().trim())
    else if (fragment.name === 'verify' && id !== undefined)
      void this.#attest(pair, id, fragment.content.directText().trim())
    else throw new StreamError('bad-format', { text: 'This is not known to dialback' })
  }

  /** Claims that the peer may take stanzas of this pair from us, and gives the key for it (step 1). */
  async claim(pair: Pair): Promise<Verification> {
    const { stream, gateway } = this.#link
    const key = await gateway.keys.key(pair.to, pair.from, stream.id)
    const answer = this.#ask(`result ${pairKey(pair.from, pair.to)}`)
    stream.send(resultRequest(pair, key, this.#websocket))
    return answer
  }

  /** Asks the peer, who speaks for `pair.to`, whether it made `key` for our stream `id` (step 2). */
  verify(pair: Pair, id: string, key: string): Promise<Verification> {
    const answer = this.#ask(`verify ${pairKey(pair.from, pair.to)} ${id}`)
    this.#link.stream.send(verifyRequest(pair, id, key, this.#websocket))
    return answer
  }

  /** The stream is over: nothing will be answered any more. */
  over(error: Error | undefined): void {
    const reason = error ?? new StreamEnded('The stream was closed')
    for (const { reject } of this.#questions.values()) reject(reason)
    this.#questions.clear()
  }

  get #websocket(): boolean {
    return this.#link.stream.transport.framing === 'websocket'
  }

  #ask(what: string): Promise<Verification> {
    if (!this.#link.stream.open) return Promise.reject(new StreamEnded('The stream was closed'))
    const { wheel, limits } = this.#link.gateway
    return new Promise((resolve, reject) => {
      const late = {
        due: () => {
          if (this.#questions.delete(what)) reject(new StreamEnded('No answer to dialback'))
          return 0
        },
      }
      wheel.add(late, wheel.now + limits.negotiationMs)
      this.#questions.set(what, {
        resolve(answer) {
          wheel.remove(late)
          resolve(answer)
        },
        reject(error) {
          wheel.remove(late)
          reject(error)
        },
      })
    })
  }

  /** §3.1: an answer to what was never asked here is nothing to us. */
  #answered(fragment: Fragment, { from, to }: Pair, id: string | undefined): void {
    const what = `${fragment.name} ${pairKey(to, from)}${fragment.name === 'verify' ? ` ${id ?? ''}` : ''}`
    const question = this.#questions.get(what)
    const answer = readAnswer(fragment)
    if (!question || !answer) {
      this.#link.gateway.logger.warn(
        { stream: this.#link.streamId, from, to },
        'An answer of dialback that was not asked for',
      )
      return
    }
    this.#questions.delete(what)
    question.resolve(answer)
  }

  #claimed(pair: Pair, key: string): void {
    const { stream } = this.#link
    const claim = pairKey(pair.from, pair.to)
    // Asked twice at once, it is answered once.
    if (this.#claims.has(claim)) return
    if (this.#claims.size >= MAX_CLAIMS) return this.#reply('result', pair, { error: 'resource-constraint' })
    this.#claims.add(claim)
    this.#judge(pair, key)
      .then(
        verification => this.#decided(pair, verification),
        (error: unknown) => {
          this.#link.failed(error)
          if (stream.open) this.#reply('result', pair, { error: 'internal-server-error' })
        },
      )
      .finally(() => this.#claims.delete(claim))
  }

  #decided(pair: Pair, verification: Verification): void {
    const { stream, gateway, accepted } = this.#link
    if (!stream.open) return
    if (verification !== 'valid')
      gateway.logger.info(
        { stream: stream.id, from: pair.from, to: pair.to, reason: verification },
        'Another server did not prove its domain',
      )
    // Before the answer leaves: stanzas may follow it at once.
    if (verification === 'valid') gateway.proven(this.#link, pair.from, pair.to)
    // §2.5: an invalid key ends a stream that was for this pair alone, and no other.
    this.#reply('result', pair, verification === 'invalid' && accepted.size > 0 ? { error: 'forbidden' } : verification)
    // After it: the peer does not expect ours before (XEP-0288 §2.1).
    if (verification === 'valid') gateway.offer(this.#link, pair.from, pair.to)
    if (verification === 'invalid' && accepted.size === 0) stream.close()
  }

  /** Is the peer who it says it is? */
  async #judge({ from, to }: Pair, key: string): Promise<Verification> {
    const { gateway, stream, facts, accepted } = this.#link
    const { tls } = stream.transport
    const rule = gateway.policy.rule(from)
    if (!gateway.isLocal(to)) return { error: 'item-not-found' }
    if (gateway.isLocal(from)) return { error: 'not-acceptable' }
    if (!gateway.policy.allows(from)) return { error: 'policy-violation' }
    if (!tls && rule.requireTls) return { error: 'policy-violation' }
    if (accepted.size >= gateway.limits.pairsPerStream) return { error: 'resource-constraint' }
    // XEP-0344 §2: a certificate is better than any key.
    if (tls?.peerCertificate && (await gateway.verdict(tls, from)).valid) return 'valid'
    // XEP-0288 §2.2 lets who was called claim more domains; the stream's id is of its own making, so that no key proves them.
    if (rule.authentication === 'certificate' || facts.direction === 'outgoing') return { error: 'not-authorized' }
    return gateway.verifications.verify({ from: to, to: from }, stream.id, key, this.#link)
  }

  /** Somebody asks whether a key is ours (step 3). */
  async #attest(pair: Pair, id: string, key: string): Promise<void> {
    const { gateway } = this.#link
    this.hasVerified = true
    const verification: Verification = !gateway.isLocal(pair.to)
      ? { error: 'item-not-found' }
      : (await gateway.keys.check(key, pair.from, pair.to, id))
        ? 'valid'
        : 'invalid'
    this.#reply('verify', pair, verification, id)
  }

  #reply(name: 'result' | 'verify', { from, to }: Pair, verification: Verification, id?: string): void {
    const options = id === undefined ? { websocket: this.#websocket } : { id, websocket: this.#websocket }
    this.#link.stream.send(answerText(name, { from: to, to: from }, verification, options))
  }
}
