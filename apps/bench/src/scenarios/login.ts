/** Login, binding, first presence, and the end of the stream. */

import type { ClientOptions } from '../loads/clients.ts'
import type { CpuScenario } from '../loads/load.ts'
import { Logins, type Way } from '../loads/login.ts'

const ACCOUNTS = 100

function login(name: string, title: string, target: number, options: ClientOptions, way?: Way): CpuScenario {
  return {
    kind: 'cpu',
    name,
    title,
    target,
    operation: 'login',
    accounts: ACCOUNTS,
    prepare: (server, locals) => new Logins(server, locals.slice(0, ACCOUNTS), options, way).prime(),
  }
}

export const loginScram = login('login', 'login, SCRAM-SHA-1', 350, {})
export const loginScramTls = login('login-tls', 'login, SCRAM-SHA-1, TLS', 1100, { tls: true })
export const loginPlainTls = login('login-plain', 'login, PLAIN, TLS', 1600, { tls: true, mechanism: 'PLAIN' })
// A server that knows neither is logged in to as in `login-tls`.
export const loginAtOnce = login(
  'login-at-once',
  'login, PLAIN for a token, one exchange, TLS',
  1600,
  { tls: true },
  'at once',
)
export const loginFast = login('login-fast', 'login, token, TLS', 1100, { tls: true }, 'by token')
