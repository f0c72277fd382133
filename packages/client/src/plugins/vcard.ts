/** vcard-temp (XEP-0054 1.3.0): reads cards, and replaces our own. */

import type { Jid } from '@tercet/jid'
import * as wire from '@tercet/stanza/vcard'
import type { Element } from '@tercet/xml'
import type { Abortable } from '../client.ts'
import { definePlugin } from '../plugin.ts'

/** What the vcard plugin offers. */
export interface VCard {
  /** The card of an account, default ours. @throws {StanzaError} there is none */
  get(of?: Jid | string, options?: Abortable): Promise<Element>
  /** Replaces our card, all of it (§3.2). */
  set(vCard: Element, options?: Abortable): Promise<void>
}

/** Reads and writes cards. */
export const vcard = definePlugin({
  name: 'vcard',
  specs: { 'XEP-0054': '1.3.0' },
  setup(client): VCard {
    return {
      get: (of, { signal } = {}) => client.request(wire.get, {}, of === undefined ? { signal } : { to: of, signal }),
      set: (vCard, { signal } = {}) => client.request(wire.set, vCard, { signal }),
    }
  },
})
