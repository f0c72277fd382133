/** vCard4 in a node (XEP-0292 0.12.0), and vcard-temp (XEP-0054) that says the same. */

import { NODE, NS } from '@tercet/stanza/vcard4'
import { readStanza, type Element } from '@tercet/xml'
import { defineModule } from '../../module.ts'
import { nodeChanged, pep } from '../pep/index.ts'
import { publish } from '../pubsub/index.ts'
import { vCardChanged, vCards } from '../vcard.ts'
import { toVCard4, toVCardTemp } from './map.ts'

/** Rewrites the other card when a client has changed one. */
export const vcard4 = defineModule({
  name: 'vcard4',
  specs: { 'XEP-0292': '0.12.0' },
  needs: [pep, vCards],
  setup(host, pep, cards) {
    host.on(nodeChanged, 'run', async ({ account, node, change, turn }) => {
      if (node.name !== NODE || change.kind !== 'published') return
      // A vcard-temp is for everybody: what is for some only does not go there.
      if (node.config.accessModel !== 'open') return
      const card = elementOf(change.item.payload)
      if (card.name === 'vcard' && card.ns === NS) cards.put(account, toVCardTemp(card, await cards.get(account)), turn)
    })
    host.on(vCardChanged, 'run', async ({ account, vCard, turn }) => {
      if (!vCard) return
      const service = pep.of(account, { quiet: true })
      const node = await service.store.get(service.owner, NODE)
      const last = node?.last === undefined ? undefined : await service.store.item(service.owner, NODE, node.last)
      const before = last && elementOf(last.payload)
      const card = toVCard4(vCard, before?.ns === NS ? before : undefined)
      const items = [{ id: last?.id ?? 'current', payloads: [card] }]
      await publish(service, { node: NODE, items, options: {} }, account.jid, turn)
    })
  },
})

function elementOf(payload: string): Element {
  return readStanza(`<iq>${payload}</iq>`).content.elementAt(0)
}
