/** Numbered messages from one account to another. */

import { waitFor } from '../wait.ts'
import type { Account } from './account.ts'

const BODY = 'Hist!'

/** What became of the messages that were promised. */
export interface Counts {
  /** Promised to their sender: acknowledged by its server. */
  readonly sent: number
  readonly delivered: number
  /** Copies beyond the first. */
  readonly duplicated: number
  readonly bounced: number
  readonly lost: number
  /** Lost by the server that had confirmed them, and was killed before they were on its disk. */
  readonly lostThere: number
  /** Read after a later one. */
  readonly disorder: number
}

/** The messages of one direction. */
export class Way {
  readonly from: Account
  readonly to: Account
  readonly #ids: readonly string[]
  readonly #begun = Promise.withResolvers<number>()
  #promised = 0

  constructor(from: Account, to: Account, count: number) {
    this.from = from
    this.to = to
    this.#ids = Array.from({ length: count }, (_, index) => `m${index}`)
  }

  /** Sends one that is not counted. */
  async extra(id: string): Promise<void> {
    await this.from.user.send(`<message to='${this.to.jid}' type='chat' id='${id}'><body>${id}</body></message>`)
  }

  /** Sends one that is not counted, and waits until it is there. */
  async reach(id: string): Promise<void> {
    await this.extra(id)
    await this.to.user.hear(`the message ${id}`, it => it.id === id, 60_000)
  }

  /** Sends all of them; resolves when they are promised, or when no more can be. */
  async speak(): Promise<void> {
    const { user } = this.from
    const before = await user.promised()
    this.#begun.resolve(before)
    const batch = Math.ceil(this.#ids.length / 20)
    try {
      for (let at = 0; at < this.#ids.length; at += batch)
        await user.send(...this.#ids.slice(at, at + batch).map(id => message(this.to.jid, id)))
    } catch {
      // Its server is gone; what that had acknowledged counts.
    }
    this.#promised = (await user.promised()) - before
  }

  /** When a tenth is promised. */
  async flowing(): Promise<void> {
    const before = await this.#begun.promise
    await this.from.user.promised(before + Math.ceil(this.#ids.length / 10))
  }

  /** Waits until all came to an end, or nothing has come for long. */
  async over(): Promise<void> {
    let { length } = this.to.heard
    let since = performance.now()
    await waitFor(
      'nothing comes any more',
      () => {
        const now = this.to.heard.length + this.from.heard.length
        if (now !== length) since = performance.now()
        length = now
        const { delivered, bounced, sent } = this.counts()
        return delivered + bounced >= sent || performance.now() - since > 10_000
      },
      { timeoutMs: 120_000, everyMs: 100 },
    )
    // Whatever else was on the way is before this one, which may come back as well.
    await this.extra('last')
    const ends = () => [...this.to.heard, ...this.from.heard].some(it => it.id === 'last')
    await waitFor('the last one', () => ends() || performance.now() - since > 30_000, { timeoutMs: 60_000 })
  }

  /** @param confirmed so many of the first ones the other server had taken before it was killed */
  counts(confirmed = 0): Counts {
    const times = new Map<string, number>()
    let highest = -1
    let disorder = 0
    for (const { id, body, type } of this.to.heard) {
      // What comes back to a reader who writes too has the same ids.
      if (body !== BODY || id === null || type === 'error') continue
      const before = times.get(id) ?? 0
      times.set(id, before + 1)
      if (before > 0) continue
      const number = Number(id.slice(1))
      if (number < highest) disorder++
      highest = Math.max(highest, number)
    }
    const bounced = new Set(
      this.from.heard.filter(it => it.event === 'message' && it.type === 'error').map(it => it.id),
    )
    const promised = this.#ids.slice(0, this.#promised)
    const lost = promised.filter(id => !times.has(id) && !bounced.has(id))
    const taken = new Set(promised.slice(0, confirmed))
    return {
      sent: promised.length,
      delivered: promised.filter(id => times.has(id)).length,
      duplicated: [...times.values()].reduce((sum, each) => sum + each - 1, 0),
      bounced: promised.filter(id => bounced.has(id)).length,
      lost: lost.filter(id => !taken.has(id)).length,
      lostThere: lost.filter(id => taken.has(id)).length,
      disorder,
    }
  }
}

function message(to: string, id: string): string {
  return `<message to='${to}' type='chat' id='${id}'><body>${BODY}</body></message>`
}
