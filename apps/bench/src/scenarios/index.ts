/** All scenarios, in the order of the report. */

import type { Scenario } from '../loads/load.ts'
import { chatManaged, chatSaturated, chatSilent, chatSteady, chatTls, chatTlsSteady } from './chat.ts'
import { idle, idleTls } from './idle.ts'
import { loginPlainTls, loginScram, loginScramTls } from './login.ts'
import { presence } from './presence.ts'

export const scenarios: readonly Scenario[] = [
  chatSaturated,
  chatSteady,
  chatTls,
  chatTlsSteady,
  chatManaged,
  chatSilent,
  loginScram,
  loginScramTls,
  loginPlainTls,
  presence,
  idle,
  idleTls,
]
