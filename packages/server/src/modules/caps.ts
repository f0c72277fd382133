/** Entity capabilities (XEP-0115 1.6.0): the host names what it can do before anybody asks. */

import { createHash } from 'node:crypto'
import * as wire from '@tercet/stanza/caps'
import type { DiscoInfo } from '@tercet/stanza/disco'
import { write } from '@tercet/xml'
import { defineModule } from '../module.ts'
import { discovery } from './disco.ts'

/** Advertises the host's capabilities on authenticated streams, and answers for the node that they name (§6.2). */
export const caps = defineModule({
  name: 'caps',
  specs: { 'XEP-0115': '1.6.0' },
  features: [wire.NS],
  needs: [discovery],
  setup(host, disco) {
    // §4: a URI that is ours to give; what the host can do is in the hash, and nobody decides by the rest.
    const node = `xmpp:${host.domain}`
    host.receiverFeatures.push({
      name: 'caps',
      advertise({ account }) {
        // Made for each login: modules may have changed what the host can do.
        const ver = account ? capsHash(disco.info('server')) : undefined
        return ver === undefined ? undefined : write(wire.feature.write({ hash: 'sha-1', node, ver }))
      },
      accepts: () => false,
      negotiate: () => 'continue',
    })
    disco.nodes({
      info(asked) {
        const info = disco.info('server')
        return asked === `${node}#${capsHash(info) ?? ''}` ? info : undefined
      },
      items: () => undefined,
    })
  },
})

/**
 * The `ver` of an answer, with SHA-1 (§5.1); undefined for an answer that proves nothing.
 *
 * An answer is believed for everybody who has the same `ver`: only if this hash of it is that `ver` (§5.4, §8.2).
 */
export function capsHash(info: DiscoInfo): string | undefined {
  const text = wire.verificationText(info)
  return text === undefined ? undefined : createHash('sha1').update(text, 'utf8').digest('base64')
}
