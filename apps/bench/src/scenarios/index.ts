/** All scenarios, in the order of the report. */

import type { Scenario } from '../loads/load.ts'
import {
  chatArchive,
  chatArchiveSteady,
  chatFederated,
  chatFederatedSteady,
  chatManaged,
  chatSaturated,
  chatSilent,
  chatSteady,
  chatTls,
  chatTlsSteady,
} from './chat.ts'
import { idle, idleTls } from './idle.ts'
import { loginAtOnce, loginFast, loginPlainTls, loginScram, loginScramTls } from './login.ts'
import { presence } from './presence.ts'

export const scenarios: readonly Scenario[] = [
  chatSaturated,
  chatSteady,
  chatTls,
  chatTlsSteady,
  chatManaged,
  chatSilent,
  chatArchive,
  chatArchiveSteady,
  chatFederated,
  chatFederatedSteady,
  loginScram,
  loginScramTls,
  loginPlainTls,
  loginAtOnce,
  loginFast,
  presence,
  idle,
  idleTls,
]
