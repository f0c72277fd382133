/** Entity capabilities (XEP-0115 1.6.0): our presence says by a hash what we can do, so that nobody needs to ask. */

import { encodeBase64 } from '@tercet/sasl'
import { caps as wire, NS, verificationText } from '@tercet/stanza/caps'
import { definePlugin } from '../plugin.ts'
import { outgoing } from '../points.ts'
import { discoService } from './disco.ts'

/** Names this software in capabilities; the hash is what tells. */
const NODE = 'https://tercet.example/client'

/** Adds our capabilities to the presence that we send. Without WebCrypto, as in pages without TLS, there are none. */
export const caps = definePlugin({
  name: 'caps',
  specs: { 'XEP-0115': '1.6.0' },
  features: [NS],
  needs: [discoService],
  setup(client, disco) {
    // A node stays answered after our features have changed: presence with it may still be on its way.
    const told = new Set<string>()
    const hashes = new Map<string, string>()
    disco.alsoAnswer(node => told.has(node))
    client.on(outgoing, 'rewrite', event => {
      const { stanza } = event
      if (stanza.kind !== 'presence' || stanza.type !== undefined || stanza.has(wire)) return
      const text = verificationText(disco.own())
      if (text === undefined || !hasSubtle()) return
      const add = (ver: string): void => {
        told.add(`${NODE}#${ver}`)
        event.stanza = stanza.plus(wire, { hash: 'sha-1', node: NODE, ver })
      }
      const known = hashes.get(text)
      if (known !== undefined) {
        add(known)
        return
      }
      return hash(text).then(ver => {
        hashes.set(text, ver)
        add(ver)
      })
    })
  },
})

async function hash(text: string): Promise<string> {
  // SHA-1 is what all implementations must support (§5.1, §12.1).
  return encodeBase64(new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))))
}

function hasSubtle(): boolean {
  return (crypto as { subtle?: SubtleCrypto }).subtle !== undefined
}
