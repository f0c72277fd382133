/** Sessions that do nothing, each of its own account. */

import type { MemoryScenario } from '../loads/load.ts'

export const idle: MemoryScenario = {
  kind: 'memory',
  name: 'idle',
  title: 'idle session',
  target: 10,
  accounts: 2000,
  tls: false,
}

export const idleTls: MemoryScenario = {
  kind: 'memory',
  name: 'idle-tls',
  title: 'idle session, TLS',
  target: 46,
  accounts: 1000,
  tls: true,
}
