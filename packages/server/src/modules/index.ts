import type { Module } from '../module.ts'
import { bind } from './bind.ts'
import { caps } from './caps.ts'
import { disco } from './disco.ts'
import { last } from './last.ts'
import { message } from './message.ts'
import { offline } from './offline.ts'
import { ping } from './ping.ts'
import { presence } from './presence.ts'
import { register } from './register.ts'
import { roster } from './roster.ts'
import { session } from './session.ts'
import { sm } from './sm.ts'
import { subscription } from './subscription.ts'
import { time } from './time.ts'
import { version } from './version.ts'

/** What a host serves by default. */
export const standardModules: readonly Module[] = [
  bind,
  sm,
  roster,
  presence,
  subscription,
  message,
  offline,
  session,
  disco,
  caps,
  ping,
  version,
  time,
  last,
  register,
]
