/** The blocking command (XEP-0191 1.3): whom we do not want to hear of, with reports (XEP-0377 0.4.1). */

import { Jid } from '@tercet/jid'
import { point } from '@tercet/plugin'
import * as wire from '@tercet/stanza/blocking'
import { SPAM } from '@tercet/stanza/reporting'
import type { Abortable } from '../client.ts'
import { definePlugin } from '../plugin.ts'
import { stateChanged } from '../points.ts'

/** Addresses were blocked or unblocked, here or on another device. */
export interface BlockedEvent {
  readonly type: 'block' | 'unblock'
  /** None: all were unblocked. */
  readonly jids: readonly Jid[]
}

/** The block list has changed. */
export const blockedChanged = point<BlockedEvent>()('blockedChanged', ['run'])

/** How to block. */
export interface BlockOptions extends Abortable {
  /** Tells the server why, for whoever runs it. */
  readonly report?: {
    /** An URN, default `urn:xmpp:reporting:spam`. */
    readonly reason?: string
    readonly text?: string
    /** Stanza-ids of the messages that it is about. */
    readonly messages?: readonly { readonly id: string; readonly by: Jid }[]
  }
}

/** What the blocking plugin offers. */
export interface Blocking {
  /** Blocked addresses, as text, as far as they are known. */
  readonly jids: ReadonlySet<string>
  /** Asks for the list; from then on it is kept up to date, over new sessions too. */
  load(options?: Abortable): Promise<ReadonlySet<string>>
  /** Blocks a resource, an account, or a whole domain (§5). */
  block(jid: Jid | string, options?: BlockOptions): Promise<void>
  /** Unblocks an address. */
  unblock(jid: Jid | string, options?: Abortable): Promise<void>
  /** Unblocks everybody (§3.5). */
  unblockAll(options?: Abortable): Promise<void>
}

/** Keeps the block list. Pushes are taken from our own account only: the guard has dropped the others. */
export const blocking = definePlugin({
  name: 'blocking',
  specs: { 'XEP-0191': '1.3', 'XEP-0377': '0.4.1' },
  setup(client): Blocking {
    const known = new Set<string>()
    let loaded = false
    const load = async ({ signal }: Abortable = {}): Promise<ReadonlySet<string>> => {
      const { items } = await client.request(wire.list, {}, { signal })
      loaded = true
      known.clear()
      for (const { jid } of items) known.add(jid.text)
      return known
    }
    client.handle(
      wire.block,
      ({ items }) => {
        for (const { jid } of items) known.add(jid.text)
        client.tell(blockedChanged, { type: 'block', jids: items.map(({ jid }) => jid) })
      },
      { feature: false },
    )
    client.handle(
      wire.unblock,
      ({ items }) => {
        if (items.length === 0) known.clear()
        for (const { jid } of items) known.delete(jid.text)
        client.tell(blockedChanged, { type: 'unblock', jids: items.map(({ jid }) => jid) })
      },
      { feature: false },
    )
    client.on(stateChanged, 'run', ({ state }) => {
      // A new session gets no pushes before it asks (§3.3). Handlers that follow do not wait for the answer.
      if (!loaded || state.kind !== 'online' || state.resumed) return
      load().catch((error: unknown) => client.logger.warn({ err: error }, 'The block list was not loaded'))
    })
    const parsed = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)
    return {
      jids: known,
      load,
      block(jid, { report, signal } = {}) {
        const said = report && {
          reason: report.reason ?? SPAM,
          texts: report.text === undefined ? [] : [report.text],
          stanzaIds: report.messages ?? [],
          reportOrigin: false,
          thirdParty: false,
        }
        return client.request(wire.block, { items: [{ jid: parsed(jid), report: said }] }, { signal })
      },
      unblock: (jid, { signal } = {}) => client.request(wire.unblock, { items: [{ jid: parsed(jid) }] }, { signal }),
      unblockAll: ({ signal } = {}) => client.request(wire.unblock, { items: [] }, { signal }),
    }
  },
})
