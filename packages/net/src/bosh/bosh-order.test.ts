import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Desk, message, settle, type Talk } from './bosh.fixture.ts'

/** What the network, the client and the server do next; the number chooses among the requests under way. */
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('deliver', 'deliver', 'lose', 'cut'), which: fc.nat(1) }),
  fc.record({ kind: fc.constantFrom('begin', 'write', 'wait'), which: fc.constant(0) }),
)

interface UnderWay {
  readonly payload: string
  /** The last time that it was sent: whether anybody listens to that. */
  last: { abort: AbortController; listens: boolean } | undefined
}

/** A client that keeps to the rules on a network that keeps to none. */
class Client {
  readonly #talk: Talk
  readonly #underWay = new Map<number, UnderWay>()
  readonly #answers = new Map<number, string[]>()
  #rid: number
  sent = 0
  refusals = 0

  constructor(talk: Talk) {
    this.#talk = talk
    this.#rid = talk.rid
  }

  begin(): void {
    const [oldest = this.#rid + 1] = this.#underWay.keys()
    // Answers come in order, so what is older than one that came is lost: it is asked for before anything new is.
    if (this.#rid + 1 - oldest >= 2) return
    this.#underWay.set(++this.#rid, { payload: message(this.sent++), last: undefined })
  }

  /** Sends a request for the first time or again, which may overtake others. */
  deliver(which: number): void {
    const [rid, request] = [...this.#underWay][which] ?? []
    if (rid === undefined || !request) return
    const last = { abort: new AbortController(), listens: true }
    request.last = last
    void this.#talk.request(rid, request.payload, '', last.abort.signal).then(body => {
      // §17.3: the answer goes to another copy of the request.
      if (body.attr('type') === 'error' || !last.listens) return
      if (body.attr('type') !== undefined) this.refusals++
      this.#underWay.delete(rid)
      this.#answers.set(
        rid,
        body.elements().map(element => element.attr('id') ?? ''),
      )
    })
  }

  /** The answer will not arrive: the connection is cut, which the server sees, or gone, which it does not. */
  lose(which: number, isSeen: boolean): void {
    const last = [...this.#underWay.values()][which]?.last
    if (!last) return
    last.listens = false
    if (isSeen) last.abort.abort()
  }

  /** Everything that was received, in the order of the requests. */
  get received(): string[] {
    return [...this.#answers].sort(([a], [b]) => a - b).flatMap(([, ids]) => ids)
  }
}

test('BSH-01: whatever is late, lost or repeated, each side reads everything once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async steps => {
      using desk = new Desk()
      const client = new Client(await desk.create())
      const { reader } = desk
      let written = 0
      const write = (): void => void reader.transport.write(message(written++))
      for (const { kind, which } of steps) {
        if (kind === 'begin') client.begin()
        else if (kind === 'deliver') client.deliver(which)
        else if (kind === 'write') write()
        else if (kind === 'wait') await settle()
        else client.lose(which, kind === 'cut')
      }
      // Then the network is mended.
      for (let round = 0; round < 100 && (round < 3 || client.received.length < written); round++) {
        client.begin()
        client.deliver(0)
        client.deliver(1)
        await settle()
      }
      const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))
      const read = reader.read.slice(1)
      expect(read).toEqual(numbers(read.length).map(message))
      expect(read.length).toBeGreaterThanOrEqual(client.sent - 2)
      expect(client.received).toEqual(numbers(client.received.length))
      expect(client.received.length).toBe(written)
      expect(reader.end).toBeUndefined()
      expect(client.refusals).toBe(0)
    }),
    { numRuns: 60 },
  )
}, 30_000)
