/** A user of a server, in one session after the other. */

import type { Heard, User, Users } from './clients.ts'
import { domainOf } from './kinds.ts'
import type { FederatedServer } from './server.ts'

/** An account whose sessions may end with its server. */
export class Account {
  readonly jid: string
  readonly server: FederatedServer
  readonly #users: Users
  readonly #sessions: User[] = []

  private constructor(users: Users, server: FederatedServer, local: string) {
    this.#users = users
    this.server = server
    this.jid = `${local}@${domainOf('external', server.name)}`
  }

  /** Makes the account and logs in. */
  static async open(users: Users, server: FederatedServer, local: string): Promise<Account> {
    const account = new Account(users, server, local)
    await server.addAccount(account.jid, 'secret')
    await account.logIn()
    return account
  }

  async logIn(): Promise<void> {
    this.#sessions.push(await this.#users.login(this.server.address('external'), this.jid, 'secret'))
  }

  /** The last session. */
  get user(): User {
    return this.#sessions.at(-1)! // there is one from the beginning
  }

  /** What all sessions heard, one after the other. */
  get heard(): Heard[] {
    return this.#sessions.flatMap(({ heard }) => heard)
  }
}
