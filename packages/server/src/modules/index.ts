import type { Module } from '../module.ts'
import { bind } from './bind.ts'
import { message } from './message.ts'
import { offline } from './offline.ts'
import { presence } from './presence.ts'
import { roster } from './roster.ts'
import { sm } from './sm.ts'
import { subscription } from './subscription.ts'

/** What a host serves by default. */
export const standardModules: readonly Module[] = [bind, sm, roster, presence, subscription, message, offline]
