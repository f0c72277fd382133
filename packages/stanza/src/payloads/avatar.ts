// XEP-0084 1.1.4: user avatars in nodes of the account; XEP-0153 1.1.1: the hash that a presence tells; XEP-0398 1.0.0: both at once.
import { type Codec, type Read, element, elementOf } from '../codec.ts'
import { attr, child, content, text } from '../fields.ts'
import { base64, between } from '../scalars.ts'

/** Node of the images, and namespace of `<data/>`. */
export const NS_DATA = 'urn:xmpp:avatar:data'
/** Node of what is known about them, and namespace of `<metadata/>`. */
export const NS_METADATA = 'urn:xmpp:avatar:metadata'
/** Namespace of `<x/>` in a presence. */
export const NS_UPDATE = 'vcard-temp:x:update'
/** Feature of an account whose server keeps both forms in step (XEP-0398 §2). */
export const NS_CONVERSION = 'urn:xmpp:pep-vcard-conversion:0'

/** `<data/>`: the image, its item's id is the SHA-1 of it in hexadecimal. */
export const data = elementOf(NS_DATA, 'data', content(base64))

const infoFields = {
  id: attr('id'),
  bytes: attr('bytes', between(0, Number.MAX_SAFE_INTEGER)),
  type: attr('type'),
  url: attr('url').optional,
  width: attr('width', between(0, 65_535)).lenient,
  height: attr('height', between(0, 65_535)).lenient,
}

/** One image; with `url` it is elsewhere, without it is in the node of the images. */
export type AvatarInfo = Read<typeof infoFields>

/** `<metadata/>`; without any info there is no avatar (XEP-0084 §4.2.2). */
export const metadata: Codec<{ readonly infos: readonly AvatarInfo[] }> = element(NS_METADATA, 'metadata', {
  infos: child<AvatarInfo>(element(NS_METADATA, 'info', infoFields)).many,
})

/**
 * `<x/>` in a presence: the hash of the avatar in the vCard. `photo` undefined: the client does not know; empty: there is none
 * (XEP-0153 §4.1).
 */
export const update = element(NS_UPDATE, 'x', { photo: text('photo').optional })
