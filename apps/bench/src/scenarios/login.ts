/** Login, binding, first presence, and the end of the stream. */

import type { ClientOptions } from '../loads/clients.ts'
import type { CpuScenario } from '../loads/load.ts'
import { Logins } from '../loads/login.ts'

const ACCOUNTS = 100

function login(name: string, title: string, target: number, options: ClientOptions): CpuScenario {
  return {
    kind: 'cpu',
    name,
    title,
    target,
    operation: 'login',
    accounts: ACCOUNTS,
    prepare: (server, locals) => Promise.resolve(new Logins(server, locals.slice(0, ACCOUNTS), options)),
  }
}

export const loginScram = login('login', 'login, SCRAM-SHA-1', 350, {})
export const loginScramTls = login('login-tls', 'login, SCRAM-SHA-1, TLS', 1100, { tls: true })
export const loginPlainTls = login('login-plain', 'login, PLAIN, TLS', 1600, { tls: true, mechanism: 'PLAIN' })
