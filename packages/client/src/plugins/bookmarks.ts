/** Bookmarks of rooms (XEP-0402 1.2.0), the same on all our clients. */

import { Jid } from '@tercet/jid'
import { NS, conference, type Bookmark } from '@tercet/stanza/bookmarks'
import type { Abortable } from '../client.ts'
import { definePlugin } from '../plugin.ts'
import { pepService } from './pep.ts'

/** What the bookmarks plugin offers. */
export interface Bookmarks {
  /** All bookmarks by the address of their room. */
  load(options?: Abortable): Promise<ReadonlyMap<string, Bookmark>>
  /** Adds or changes one. What other clients keep with it stays: give it back as it was loaded (§3.4). */
  set(room: Jid | string, bookmark: Bookmark, options?: Abortable): Promise<void>
  /** Removes one. @throws {StanzaError} `item-not-found` */
  remove(room: Jid | string, options?: Abortable): Promise<void>
}

/** The node is ours alone, and keeps all there are (§3.3). */
const config = {
  persist_items: 'true',
  max_items: 'max',
  send_last_published_item: 'never',
  access_model: 'whitelist',
}

/** Keeps bookmarks, and hears of other clients' at `nodeEvent`. */
export const bookmarks = definePlugin({
  name: 'bookmarks',
  specs: { 'XEP-0402': '1.2.0' },
  needs: [pepService],
  setup(_client, pep): Bookmarks {
    pep.want(NS)
    return {
      async load(options = {}) {
        const found = new Map<string, Bookmark>()
        for (const { id, payload } of await pep.items(NS, options))
          if (payload?.name === conference.name && payload.ns === NS) found.set(id, conference.read(payload))
        return found
      },
      async set(room, bookmark, { signal } = {}) {
        await pep.publish(NS, conference.write(bookmark), { id: addressOf(room), config, signal })
      },
      remove: (room, options) => pep.retract(NS, addressOf(room), options),
    }
  },
})

function addressOf(room: Jid | string): string {
  return (typeof room === 'string' ? Jid.parse(room) : room).bare.text
}
