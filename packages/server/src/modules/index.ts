import type { Module } from '../module.ts'
import { message } from './message.ts'
import { offline } from './offline.ts'
import { presence } from './presence.ts'
import { sm } from './sm.ts'

/** What a host serves by default. */
export const standardModules: readonly Module[] = [sm, presence, message, offline]
