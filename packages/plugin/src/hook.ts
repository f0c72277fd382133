/** Typed hooks: points with named phases, whose handlers run left to right and synchronously until one waits. */

/** What a handler says: nothing to go on, `'handled'` when it took care of the event, `'drop'` to stop in silence. */
export type Verdict = 'handled' | 'drop'

/** Runs for one event. Throwing refuses the event; whoever runs the point decides what that means. */
export type Handler<E> = (event: E) => Verdict | void | Promise<Verdict | void>

/** A place where behaviour can be added: its event type and its phases in order of running. */
export interface Point<E, P extends string> {
  readonly name: string
  readonly phases: readonly P[]
  /** Kinds of events, where a handler may be for one of them: it is not asked about the others. Empty: there is one kind. */
  readonly kinds: readonly string[]
  /** Carries the event's type; never set. */
  readonly event?: E
}

/**
 * Declares a point: `point<MessageEvent>()('inbound', ['guard', 'deliver'])`. Two calls, so that the event is named and the phases
 * are inferred.
 */
export function point<E>(): <const P extends string>(
  name: string,
  phases: readonly P[],
  kinds?: readonly string[],
) => Point<E, P> {
  return (name, phases, kinds = []) => ({ name, phases, kinds })
}

interface Registration<E> {
  readonly phase: number
  readonly run: Handler<E>
}

/** The handlers of one point, flattened in the order in which they run. Hold on to it on a hot path: it stays the same object. */
export class Chain<E> {
  #registered: readonly Registration<E>[] = []
  #handlers: readonly Handler<E>[] = []

  get empty(): boolean {
    return this.#handlers.length === 0
  }

  /** Adds a handler behind those of its phase; dispose to remove it. */
  add(phase: number, run: Handler<E>): Disposable {
    const registration = { phase, run }
    this.#change([...this.#registered, registration])
    return { [Symbol.dispose]: () => this.#change(this.#registered.filter(other => other !== registration)) }
  }

  /**
   * Runs the handlers until one gives a verdict or throws; returns a promise only from the first handler on that returned one.
   * Handlers added or removed during the run do not change it.
   */
  run(event: E): Verdict | void | Promise<Verdict | void> {
    const handlers = this.#handlers
    for (let index = 0; index < handlers.length; index++) {
      const verdict = handlers[index]!(event)
      if (verdict === undefined) continue
      if (typeof verdict === 'string') return verdict
      return runFrom(handlers, index + 1, event, verdict)
    }
  }

  #change(registered: readonly Registration<E>[]): void {
    this.#registered = registered
    this.#handlers = [...registered].sort((a, b) => a.phase - b.phase).map(({ run }) => run)
  }
}

async function runFrom<E>(
  handlers: readonly Handler<E>[],
  index: number,
  event: E,
  pending: Promise<Verdict | void>,
): Promise<Verdict | void> {
  let verdict = await pending
  for (let next = index; verdict === undefined && next < handlers.length; next++) verdict = await handlers[next]!(event)
  return verdict
}

/** All points of one host, client or gateway. */
export class Hooks {
  readonly #chains = new Map<string, Chain<never>>()

  /** The chain of a point, or of one kind of its events; made on first use. */
  chain<E, P extends string>(point: Point<E, P>, kind = ''): Chain<E> {
    const name = kind === '' ? point.name : `${point.name} ${kind}`
    let chain = this.#chains.get(name)
    if (!chain) this.#chains.set(name, (chain = new Chain()))
    // A point's name belongs to one event type: points are declared once, as values.
    return chain as unknown as Chain<E>
  }

  /**
   * Adds a handler to a phase of a point: for one of its kinds, or for all.
   *
   * @throws {TypeError} the point has no such phase, or no such kind
   */
  on<E, P extends string>(point: Point<E, P>, phase: NoInfer<P>, run: Handler<NoInfer<E>>, kind?: string): Disposable {
    const { name, phases, kinds } = point
    const index = phases.indexOf(phase)
    if (index < 0) throw new TypeError(`Point ${name} has no phase ${phase}`)
    if (kind !== undefined && !kinds.includes(kind)) throw new TypeError(`Point ${name} has no events of kind ${kind}`)
    const wanted = kind === undefined ? (kinds.length === 0 ? [''] : kinds) : [kind]
    const added = wanted.map(each => this.chain(point, each).add(index, run))
    return {
      [Symbol.dispose]() {
        for (const each of added) each[Symbol.dispose]()
      },
    }
  }
}
