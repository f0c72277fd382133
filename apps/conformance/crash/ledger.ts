/** Who was promised what, and what came of it. Messages are told apart by their id. */

/** The book of one run. */
export class Ledger {
  readonly sent = new Set<string>()
  /** The sender was told that the server has it: by `<a h='…'/>` or `<failed h='…'/>`. */
  readonly acknowledged = new Set<string>()
  /** The sender got an error. */
  readonly refused = new Set<string>()
  /** How often a receiver read it. */
  readonly delivered = new Map<string, number>()
  /** In the order of reading, by sender and receiver, to see whether order was kept. */
  readonly #last = new Map<string, number>()
  disorder = 0

  deliver(receiver: string, id: string): void {
    const times = (this.delivered.get(id) ?? 0) + 1
    this.delivered.set(id, times)
    if (times > 1) return
    const [sender = '', number = '0'] = id.split('-')
    const pair = `${sender}>${receiver}`
    if (Number(number) < (this.#last.get(pair) ?? 0)) this.disorder++
    this.#last.set(pair, Number(number))
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
    const { sent, acknowledged, refused, delivered, duplicated, lost, disorder } = this
    return (
      `sent ${sent.size}, acknowledged ${acknowledged.size}, refused ${refused.size}, delivered ${delivered.size}, ` +
      `duplicated ${duplicated}, out of order ${disorder}, lost ${lost.length}`
    )
  }
}
