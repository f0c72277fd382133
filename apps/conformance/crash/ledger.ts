/** Who was promised what, and what came of it. Messages are told apart by their id, copies of one by the id that the server gave them. */

/** What a receiver is: under stream management, without it, or one that stops reading (and goes on sending). */
export type Kind = 'managed' | 'plain' | 'stuck'

/** Why a message was read more than once. */
export interface Duplicates {
  /** Its sender was not told that the server has it, and sent it again: another copy. */
  resent: number
  /** The same copy, given again after a restart, since its confirmation had not come or was not on disk yet. */
  redelivered: number
  /** Neither: the server did what it need not. */
  unexplained: number
}

interface Copy {
  /** In which life of the server it was last read. */
  life: number
  /** When the receiver confirmed it; undefined: not yet. */
  confirmedMs: number | undefined
}

/** The server deletes the rows of what was confirmed within a second when nothing else is written; the rest is slack for a slow machine. */
const SETTLED_MS = 3_000

/** The book of one run. */
export class Ledger {
  readonly sent = new Set<string>()
  /** The sender was told that the server has it: by `<a h='…'/>` or `<failed h='…'/>`. */
  readonly acknowledged = new Set<string>()
  /** The sender got an error. */
  readonly refused = new Set<string>()
  /** How often a receiver read it. */
  readonly delivered = new Map<string, number>()
  readonly duplicates: Readonly<Record<Kind, Duplicates>> = {
    managed: { resent: 0, redelivered: 0, unexplained: 0 },
    plain: { resent: 0, redelivered: 0, unexplained: 0 },
    stuck: { resent: 0, redelivered: 0, unexplained: 0 },
  }
  /** Each copy too many that has no good reason, in words. */
  readonly strange: string[] = []
  /** Messages that came after a later one of the same sender to the same receiver. */
  disorder = 0
  readonly #resent = new Set<string>()
  readonly #copies = new Map<string, Copy>()
  readonly #last = new Map<string, number>()
  #life = 0
  #endedMs = 0

  send(id: string, again: boolean): void {
    this.sent.add(id)
    if (again) this.#resent.add(id)
  }

  /** The server is about to be killed or stopped: it may not have heard what receivers said lately. */
  ending(): void {
    this.#endedMs = performance.now()
  }

  /** It is gone, and what it had sent was read or dropped. */
  ended(): void {
    this.#life++
  }

  /** `receiver` has read a copy of a message. */
  deliver(receiver: { readonly local: string; readonly kind: Kind }, id: string, copyId: string): void {
    const times = (this.delivered.get(id) ?? 0) + 1
    this.delivered.set(id, times)
    const copy = this.#copies.get(copyId)
    this.#copies.set(copyId, { life: this.#life, confirmedMs: undefined })
    if (times > 1) {
      this.duplicates[receiver.kind][this.#reason(id, copy)]++
      return
    }
    const [sender = '', number = '0'] = id.split('-')
    const pair = `${sender}>${receiver.local}`
    if (Number(number) < (this.#last.get(pair) ?? 0)) this.disorder++
    this.#last.set(pair, Number(number))
  }

  #reason(id: string, copy: Copy | undefined): keyof Duplicates {
    if (!copy && this.#resent.has(id)) return 'resent'
    const wrong = copy ? this.#strangeness(copy) : 'another copy, though its sender sent it once'
    if (wrong === undefined) return 'redelivered'
    this.strange.push(`${id}: ${wrong}`)
    return 'unexplained'
  }

  #strangeness({ life, confirmedMs }: Copy): string | undefined {
    if (life === this.#life) return 'twice without an end of the server in between'
    const agoMs = confirmedMs === undefined ? 0 : this.#endedMs - confirmedMs
    return agoMs > SETTLED_MS ? `confirmed ${Math.round(agoMs)} ms before the end of the server` : undefined
  }

  /** A receiver has told the server that it has these copies. */
  confirm(copyIds: readonly string[]): void {
    const confirmedMs = performance.now()
    for (const copyId of copyIds) {
      const copy = this.#copies.get(copyId)
      if (copy) copy.confirmedMs ??= confirmedMs
    }
  }

  /** Acknowledged, not refused, and never read. */
  get lost(): string[] {
    return [...this.acknowledged].filter(id => !this.delivered.has(id) && !this.refused.has(id))
  }

  get duplicated(): number {
    let count = 0
    for (const times of this.delivered.values()) if (times > 1) count++
    return count
  }

  toString(): string {
    const { sent, acknowledged, refused, delivered, duplicated, lost, disorder, duplicates } = this
    const why = Object.entries(duplicates).map(
      ([kind, { resent, redelivered, unexplained }]) =>
        `${kind} ${redelivered} redelivered, ${resent} resent by their senders, ${unexplained} unexplained`,
    )
    return (
      `acknowledged ${acknowledged.size}, delivered ${delivered.size}, duplicated ${duplicated}, lost ${lost.length} ` +
      `(sent ${sent.size}, refused ${refused.size}, out of order ${disorder}; copies too many: ${why.join('; ')})`
    )
  }
}
