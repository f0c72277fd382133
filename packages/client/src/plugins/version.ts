/** Software version (XEP-0092 1.1): asks for somebody's, and tells ours if the application says what it is. */

import type { Jid } from '@tercet/jid'
import { version as wire } from '@tercet/stanza/version'
import type { Abortable } from '../client.ts'
import { definePlugin, type Plugin } from '../plugin.ts'

/** A program. */
export interface Software {
  readonly name: string
  readonly version: string
  readonly os?: string | undefined
}

/** What the version plugin offers. */
export interface Version {
  /** The program of `to`. @throws {StanzaError} it does not tell */
  ask(to: Jid | string, options?: Abortable): Promise<Software>
}

/** Asks for programs, and tells that we are `software`. */
export function versionOf(software: Software | undefined): Plugin<Version> {
  return definePlugin({
    name: 'version',
    specs: { 'XEP-0092': '1.1' },
    setup(client): Version {
      if (software) client.handle(wire, () => software)
      return { ask: (to, options = {}) => client.request(wire, {}, { ...options, to }) }
    },
  })
}

/** Asks for programs and keeps ours to itself; {@link versionOf} tells it. */
export const version: Plugin<Version> = versionOf(undefined)
