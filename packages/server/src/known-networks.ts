/** From where accounts have logged in lately. In memory only: a restart forgets it, and where people were is in no file. */

/** Networks of one account; a phone has several in a day. */
const MAX_OF_ACCOUNT = 8
const MAX_ACCOUNTS = 50_000

/** The last networks of the last accounts. */
export class KnownNetworks {
  readonly #networks = new Map<string, readonly string[]>()

  has(account: string, network: string): boolean {
    return this.#networks.get(account)?.includes(network) ?? false
  }

  /** Forgets the network that was least recently used, and the account. */
  add(account: string, network: string): void {
    const networks = this.#networks.get(account) ?? []
    this.#networks.delete(account)
    this.#networks.set(account, [network, ...networks.filter(other => other !== network)].slice(0, MAX_OF_ACCOUNT))
    if (this.#networks.size <= MAX_ACCOUNTS) return
    for (const oldest of this.#networks.keys()) {
      this.#networks.delete(oldest)
      return
    }
  }
}
