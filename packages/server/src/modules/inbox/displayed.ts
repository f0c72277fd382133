/** How far each chat was read, as the account's clients have published it (XEP-0490 1.0.1). */

import { Jid, JidError, type BareJid } from '@tercet/jid'
import { DecodeError } from '@tercet/stanza'
import * as mds from '@tercet/stanza/mds'
import { parse } from '@tercet/xml'
import type { Account } from '../../account.ts'
import type { Pep } from '../pep/index.ts'

/** Ids of the account's archive, by the bare address of the chat. */
export async function displayedBy(account: Account, pep: Pep): Promise<ReadonlyMap<string, string>> {
  const { store, owner } = pep.of(account)
  const ids = new Map<string, string>()
  for (const { id: chat, payload } of await store.items(owner, mds.NS)) {
    const peer = bareOf(chat)
    const id = payload === '' ? undefined : idIn(payload, account.jid)
    // The furthest, if there are several for the resources of one address.
    if (peer !== undefined && id !== undefined && id > (ids.get(peer) ?? '')) ids.set(peer, id)
  }
  return ids
}

function bareOf(text: string): string | undefined {
  try {
    return Jid.parse(text).bare.text
  } catch (error) {
    if (error instanceof JidError) return undefined
    throw error
  }
}

/** Clients may publish there what they like; what is no id of this archive says nothing. */
function idIn(payload: string, own: BareJid): string | undefined {
  try {
    const { id, by } = mds.displayed.read(parse(payload)).stanzaId
    return by.text === own.text ? id : undefined
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
