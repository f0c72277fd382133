// XEP-0402 1.2.0: bookmarks as items of a node; XEP-0048 1.2: all of them in one element, in private storage or in a node.
import { Element } from '@tercet/xml'
import { type Codec, type Read, element, raw } from '../codec.ts'
import { attr, child, text } from '../fields.ts'
import { bool } from '../scalars.ts'

/** Node of bookmarks, one item for each room with its address as id; namespace of `<conference/>`. */
export const NS = 'urn:xmpp:bookmarks:1'
/** Node, and namespace of `<storage/>`, of the form before. */
export const NS_STORAGE = 'storage:bookmarks'

const fields = {
  autojoin: attr('autojoin', bool).or(false),
  name: attr('name').optional,
  nick: text('nick').optional,
  password: text('password').optional,
  /** What other clients keep with it: to be given back as it is (XEP-0402 §3.4). */
  extensions: child(raw(NS, 'extensions')).optional,
}

/** A room. */
export type Bookmark = Read<typeof fields>

/** `<conference/>` of the newer form. */
export const conference: Codec<Bookmark> = element(NS, 'conference', fields)

/** A room in the older form, where its address stands in it. */
export interface StoredBookmark extends Bookmark {
  readonly jid: string
}

/**
 * `<conference/>` of the older form. What it has of other namespaces is read as extensions: some clients keep theirs there.
 */
export const storedConference: Codec<StoredBookmark> = {
  ns: NS_STORAGE,
  name: 'conference',
  read(from) {
    const foreign = from.elements().filter(({ ns }) => ns !== NS_STORAGE && ns !== NS)
    const extensions =
      from.child('extensions', NS) ?? (foreign.length > 0 ? new Element('extensions', NS, [], foreign) : undefined)
    return { ...stored.read(from), extensions }
  },
  write: value => stored.write(value),
}

const stored = element(NS_STORAGE, 'conference', { jid: attr('jid'), ...fields })

/** `<storage/>`: rooms, and `<url/>` and whatever else there is. */
export const storage = raw(NS_STORAGE, 'storage')
