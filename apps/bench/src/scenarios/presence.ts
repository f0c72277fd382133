/** Presence to contacts: four accounts, the same hundred contacts. */

import type { CpuScenario } from '../loads/load.ts'
import { presenceAccounts, preparePresence } from '../loads/presence.ts'

export const presence: CpuScenario = {
  kind: 'cpu',
  name: 'presence',
  title: 'presence, per copy to a contact',
  target: 3,
  operation: 'copy',
  accounts: presenceAccounts,
  prepare: preparePresence,
}
