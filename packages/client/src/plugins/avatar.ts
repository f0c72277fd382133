/** Avatars (XEP-0084 1.1.4): ours, and those of others. */

import type { Jid } from '@tercet/jid'
import * as wire from '@tercet/stanza/avatar'
import type { AvatarInfo } from '@tercet/stanza/avatar'
import type { Abortable } from '../client.ts'
import { definePlugin } from '../plugin.ts'
import { pepService } from './pep.ts'

/** An image to publish. */
export interface AvatarImage {
  readonly bytes: Uint8Array
  /** Like `image/png`. */
  readonly type: string
  readonly width?: number
  readonly height?: number
}

/** What the avatar plugin offers. */
export interface Avatar {
  /** Shows an image to those whom the node's configuration lets see it, or to everybody with `open`. */
  publish(image: AvatarImage, options?: Abortable & { readonly open?: boolean }): Promise<void>
  /** Shows none any more. */
  remove(options?: Abortable): Promise<void>
  /** What is known of somebody's avatar; undefined: there is none. @throws {StanzaError} it is not for us */
  info(of: Jid | string, options?: Abortable): Promise<AvatarInfo | undefined>
  /** Somebody's image by the id in its info. @throws {StanzaError} it is not there, or not for us */
  image(of: Jid | string, id: string, options?: Abortable): Promise<Uint8Array | undefined>
}

/** Publishes, and hears of others' at `nodeEvent`. */
export const avatar = definePlugin({
  name: 'avatar',
  specs: { 'XEP-0084': '1.1.4' },
  needs: [pepService],
  setup(_client, pep): Avatar {
    pep.want(wire.NS_METADATA)
    return {
      async publish({ bytes, type, width, height }, { open = false, signal } = {}) {
        const id = await sha1(bytes)
        const options = { id, signal, ...(open ? { config: { access_model: 'open' } } : {}) }
        // §3.2: the image first, so that nobody looks for what is not there yet.
        await pep.publish(wire.NS_DATA, wire.data.write(bytes), options)
        const info = { id, bytes: bytes.length, type, width, height }
        await pep.publish(wire.NS_METADATA, wire.metadata.write({ infos: [info] }), options)
      },
      async remove({ signal } = {}) {
        await pep.publish(wire.NS_METADATA, wire.metadata.write({ infos: [] }), { signal })
      },
      async info(from, { signal } = {}) {
        const last = (await pep.items(wire.NS_METADATA, { from, signal })).at(-1)
        return last?.payload && wire.metadata.read(last.payload).infos.find(({ url }) => url === undefined)
      },
      async image(from, id, { signal } = {}) {
        const [item] = await pep.items(wire.NS_DATA, { from, ids: [id], signal })
        return item?.payload && wire.data.read(item.payload)
      },
    }
  },
})

/** In hexadecimal (§4.2.1). */
async function sha1(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', new Uint8Array(bytes)))
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
}
