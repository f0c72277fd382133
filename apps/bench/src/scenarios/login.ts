/** Login, binding, first presence, and the end of the stream. */

import type { ClientOptions } from '../loads/clients.ts'
import type { CpuScenario } from '../loads/load.ts'
import { Logins } from '../loads/login.ts'

const ACCOUNTS = 100

function login(
  name: string,
  title: string,
  target: number,
  options: ClientOptions,
  how: { readonly tokens?: boolean } = {},
): CpuScenario {
  return {
    kind: 'cpu',
    name,
    title,
    target,
    operation: 'login',
    accounts: ACCOUNTS,
    prepare: (server, locals) => new Logins(server, locals.slice(0, ACCOUNTS), options, how).prime(),
  }
}

export const loginScram = login('login', 'login, SCRAM-SHA-1', 350, {})
export const loginScramTls = login('login-tls', 'login, SCRAM-SHA-1, TLS', 1100, { tls: true })
export const loginPlainTls = login('login-plain', 'login, PLAIN, TLS', 1600, { tls: true, mechanism: 'PLAIN' })
/** A server without tokens logs in as in `login-tls`. */
export const loginFast = login('login-fast', 'login, token, TLS', 1100, { tls: true }, { tokens: true })
