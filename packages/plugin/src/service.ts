/** Service tokens: how one module offers something to another without either looking up a string. */

/** Names a service and carries its type. */
export interface Service<T> {
  readonly name: string
  /** Carries the service's type; never set. */
  readonly type?: T
}

/** Declares a service: `const pep = service<Pep>('pep')`. Identity is the value, the name is for messages. */
export function service<T>(name: string): Service<T> {
  return { name }
}

/** The types behind a tuple of tokens, in order. */
export type Provided<N extends readonly Service<unknown>[]> = {
  [I in keyof N]: N[I] extends Service<infer T> ? T : never
}

/** Services that were provided so far, by token. */
export class Services {
  readonly #provided = new Map<Service<unknown>, unknown>()

  provide<T>(token: Service<T>, value: T): void {
    this.#provided.set(token, value)
  }

  /** @throws {TypeError} nothing provides the service */
  get<T>(token: Service<T>): T {
    if (!this.#provided.has(token)) throw new TypeError(`Nothing provides the service ${token.name}`)
    // Only provide() writes here, and it pairs the token with its type.
    return this.#provided.get(token) as T
  }
}
