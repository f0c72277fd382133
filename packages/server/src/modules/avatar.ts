/** Avatars in both forms (XEP-0398 1.0.0): published in a node (XEP-0084) or stored in the vCard (XEP-0153), and told with presence. */

import { createHash } from 'node:crypto'
import { DecodeError, type Codec, type Presence } from '@tercet/stanza'
import * as wire from '@tercet/stanza/avatar'
import * as vcard from '@tercet/stanza/vcard'
import { Element, readStanza } from '@tercet/xml'
import type { Account } from '../account.ts'
import { defineModule } from '../module.ts'
import { accountRemoved, outbound } from '../points.ts'
import { sessionKey } from '../session-key.ts'
import type { Turn } from '../turn.ts'
import { nodeChanged, pep, type Pep } from './pep/index.ts'
import { publish } from './pubsub/index.ts'
import { vCardChanged, vCards } from './vcard.ts'

/** SHA-1 of the photo in the account's vCard; '': it has none. */
const photoHash = sessionKey<string>('photo hash')

interface AvatarRow {
  readonly hash: string
}

const KEY = 'photo'

/** Keeps both forms in step, and says in presence what the vCard has. */
export const avatar = defineModule({
  name: 'avatar',
  specs: { 'XEP-0084': '1.1.4', 'XEP-0153': '1.1.1', 'XEP-0398': '1.0.0' },
  needs: [pep, vCards],
  setup(host, pep, cards) {
    const table = host.table<AvatarRow>('avatar')
    const remember = (account: Account, hash: string, turn: Turn): void => {
      const { local } = account.jid
      if (hash === '') table.delete(turn.unit, host.domain, local, KEY)
      else table.put(turn.unit, host.domain, local, KEY, { hash })
      for (const session of account.sessions) session.set(photoHash, hash)
    }
    host.feature(wire.NS_CONVERSION, 'account')
    host.on(nodeChanged, 'run', async ({ account, node, change, turn }) => {
      if (node.name !== wire.NS_METADATA) return
      const photo = change.kind === 'published' ? await publishedPhoto(pep, account, change.item.payload) : null
      if (photo === undefined) return
      cards.put(account, withPhoto(await cards.get(account), photo?.element), turn)
      remember(account, photo?.hash ?? '', turn)
    })
    host.on(vCardChanged, 'run', async ({ account, vCard, turn }) => {
      const photo = vCard && photoOf(vCard)
      const known = (await table.get(host.domain, account.jid.local, KEY))?.value.hash ?? ''
      if ((photo?.hash ?? '') === known) return
      await publishPhoto(pep, account, photo, turn)
      remember(account, photo?.hash ?? '', turn)
    })
    host.onKind('presence', outbound, 'rewrite', event => {
      const { stanza, session } = event
      if (stanza.type !== undefined) return
      const known = session.get(photoHash)
      if (known !== undefined) {
        event.stanza = telling(stanza, known)
        return
      }
      const row = table.get(host.domain, session.account.jid.local, KEY)
      const read = (hash = ''): void => {
        session.set(photoHash, hash)
        event.stanza = telling(stanza, hash)
      }
      if (row instanceof Promise) return row.then(row => read(row?.value.hash))
      read(row?.value.hash)
    })
    host.on(accountRemoved, 'run', ({ account, turn }) => table.clear(turn.unit, host.domain, account.jid.local))
  },
})

/** A photo as it stands in a vCard. */
interface Photo {
  /** SHA-1 in hexadecimal (XEP-0153 §3.1). */
  readonly hash: string
  readonly type: string
  readonly bytes: number
  readonly base64: string
  readonly element: Element
}

// Presence

/** §4: what the client says about a photo that it does not know is filled in; that it shows none is its own business. */
function telling(presence: Presence, hash: string): Presence {
  const index = presence.content.find('x', wire.NS_UPDATE)
  if (index < 0) return hash === '' ? presence : presence.plus(wire.update, { photo: hash })
  const { photo } = wire.update.read(presence.content.elementAt(index))
  if (photo === hash || (photo === '' && presence.content.elementAt(index).child('photo'))) return presence
  return presence.minus(wire.update).plus(wire.update, { photo: hash })
}

// From a node to the vCard

/**
 * The photo that new metadata speaks of; null: there is none any more; undefined: nothing that a vCard may show. What only some may see
 * does not go where everybody can look (§8).
 */
async function publishedPhoto(pep: Pep, account: Account, metadata: string): Promise<Photo | null | undefined> {
  const infos = decoded(metadata, wire.metadata)?.infos
  if (!infos) return undefined
  if (infos.length === 0) return null
  // §3.1: the one that is here.
  const info = infos.find(({ url }) => url === undefined)
  const service = pep.of(account)
  const node = info && (await service.store.get(service.owner, wire.NS_DATA))
  if (!node || node.config.accessModel !== 'open') return undefined
  const item = await service.store.item(service.owner, wire.NS_DATA, info.id)
  const image = item && textOf(item.payload)
  if (image === undefined) return undefined
  const photo = photoFrom(info.type, image)
  return photo?.hash === info.id.toLowerCase() ? photo : undefined
}

function withPhoto(card: Element | undefined, photo: Element | undefined): Element | undefined {
  const rest = (card?.children ?? []).filter(child => typeof child === 'string' || child.name !== 'PHOTO')
  const children = photo ? [...rest, photo] : rest
  return children.length === 0 ? undefined : new Element('vCard', vcard.NS, card?.attrs, children)
}

// From the vCard to a node

/** §3.2: the image first, then what is known about it, so that nobody looks for what is not there. */
async function publishPhoto(pep: Pep, account: Account, photo: Photo | undefined, turn: Turn): Promise<void> {
  // Quietly: this module need not hear of it.
  const service = pep.of(account, { quiet: true })
  const put = (node: string, id: string, payload: Element): Promise<unknown> =>
    // A vCard is for everybody, so what is made of it is.
    publish(
      service,
      { node, items: [{ id, payloads: [payload] }], options: {}, made: { accessModel: 'open' } },
      account.jid,
      turn,
    )
  if (!photo) {
    if (await service.store.get(service.owner, wire.NS_METADATA))
      await put(wire.NS_METADATA, 'none', wire.metadata.write({ infos: [] }))
    return
  }
  const { hash: id, bytes, type } = photo
  await put(wire.NS_DATA, id, new Element('data', wire.NS_DATA, [], [photo.base64]))
  await put(wire.NS_METADATA, id, wire.metadata.write({ infos: [{ id, bytes, type }] }))
}

function photoOf(card: Element): Photo | undefined {
  const photo = card.child('PHOTO')
  const image = photo?.child('BINVAL')?.text()
  return image === undefined ? undefined : photoFrom(photo?.child('TYPE')?.text().trim() ?? '', image)
}

function photoFrom(type: string, image: string): Photo | undefined {
  const base64 = image.replace(/\s+/g, '')
  if (base64 === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const bytes = Buffer.from(base64, 'base64')
  const named = /^image\/[\w.+-]{1,64}$/.test(type) ? type : 'image/png'
  return {
    hash: createHash('sha1').update(bytes).digest('hex'),
    type: named,
    bytes: bytes.length,
    base64,
    element: new Element(
      'PHOTO',
      vcard.NS,
      [],
      [new Element('TYPE', vcard.NS, [], [named]), new Element('BINVAL', vcard.NS, [], [base64])],
    ),
  }
}

function decoded<T>(payload: string, codec: Codec<T>): T | undefined {
  try {
    return codec.read(elementOf(payload))
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function textOf(payload: string): string {
  return elementOf(payload).text()
}

function elementOf(payload: string): Element {
  return readStanza(`<iq>${payload}</iq>`).content.elementAt(0)
}
