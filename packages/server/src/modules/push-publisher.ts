/** Publishes notifications, one at a time to each node, and hears what the services say (XEP-0357 0.4.1 §7). */

import type { BareJid } from '@tercet/jid'
import { iq, stanzaError, StanzaError, type Iq } from '@tercet/stanza'
import { makeForm } from '@tercet/stanza/data-form'
import * as wire from '@tercet/stanza/push'
import type { Host } from '../host.ts'
import { newToken } from '../token.ts'
import type { PushNode } from './push-nodes.ts'

/** What a notification says; who and what only where the operator wants it. */
export interface Summary {
  readonly count: number
  readonly sender?: string
  readonly body?: string
}

/** What became of a notification. */
export type Answer = { readonly kind: 'taken' | 'silent' } | { readonly kind: 'refused'; readonly error: StanzaError }

interface Waiting {
  readonly account: BareJid
  readonly node: PushNode
  readonly heard: (answer: Answer) => void
  /** Something happened meanwhile. */
  next: Summary | undefined
}

/** How long a service may take before it counts as silent. */
const PATIENCE_MS = 60_000
/** Notifications of a host that wait for an answer; more are dropped, since the next message tells the same. */
const MAX_WAITING = 10_000

/** Publishes for the accounts of one host. */
export class PushPublisher {
  readonly #host: Host
  /** By id of the request. */
  readonly #waiting = new Map<string, Waiting>()
  /** The ids, by account and node. */
  readonly #busy = new Map<string, string>()

  readonly #isEnabled: (account: BareJid, key: string) => Promise<boolean>

  /** @param isEnabled whether a node may still be told something */
  constructor(host: Host, isEnabled: (account: BareJid, key: string) => Promise<boolean>) {
    this.#host = host
    this.#isEnabled = isEnabled
  }

  /** Publishes now, or after the answer to what is under way: a service hears of many messages as of one. */
  publish(account: BareJid, node: PushNode, summary: Summary, heard: Waiting['heard']): void {
    const place = `${account.text} ${node.key}`
    const busy = this.#busy.get(place)
    const waiting = busy === undefined ? undefined : this.#waiting.get(busy)
    if (waiting) {
      waiting.next = { ...summary, count: Math.max(summary.count, (waiting.next?.count ?? 0) + 1) }
      return
    }
    if (this.#waiting.size >= MAX_WAITING) return
    const { server } = this.#host
    const id = `push-${newToken()}`
    this.#waiting.set(id, { account, node, heard, next: undefined })
    this.#busy.set(place, id)
    server.wheel.add({ due: () => (this.#over(id, { kind: 'silent' }), 0) }, server.wheel.now + PATIENCE_MS)
    const { count, sender, body } = summary
    const form = makeForm('submit', wire.SUMMARY, {
      'message-count': String(count),
      ...(sender === undefined ? {} : { 'last-message-sender': sender }),
      ...(body === undefined ? {} : { 'last-message-body': body }),
    })
    const payload = wire.publication(node.node, form, node.options)
    void server.work(turn => this.#host.send(iq({ type: 'set', id, from: account, to: node.jid, payload }), turn))
  }

  /** An answer has come; true if it is one to us. */
  answered(account: BareJid, answer: Iq): boolean {
    const waiting = this.#waiting.get(answer.id)
    // Somebody else knows nothing of it.
    if (waiting?.account.text !== account.text || answer.from?.text !== waiting.node.jid.text) return false
    if (answer.type === 'result') this.#over(answer.id, { kind: 'taken' })
    else this.#over(answer.id, { kind: 'refused', error: errorOf(answer) })
    return true
  }

  #over(id: string, answer: Answer): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    const { account, node, heard, next } = waiting
    this.#waiting.delete(id)
    this.#busy.delete(`${account.text} ${node.key}`)
    heard(answer)
    if (!next || answer.kind !== 'taken') return
    this.#isEnabled(account, node.key).then(enabled => {
      if (enabled) this.publish(account, node, next, heard)
    }, this.#host.bug)
  }
}

function errorOf(answer: Iq): StanzaError {
  return answer.get(stanzaError) ?? new StanzaError('undefined-condition')
}
