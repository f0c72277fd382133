/** Personal eventing (XEP-0163 1.2.2): every account is a publish-subscribe service, its contacts hear of what they want. */

import { isFull } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { NS } from '@tercet/stanza/pubsub'
import { z } from 'zod'
import type { Account } from '../../account.ts'
import type { IqContext } from '../../iq.ts'
import { defineModule } from '../../module.ts'
import { accountRemoved, contactAdmitted, inbound, rosterChanged } from '../../points.ts'
import { blocks } from '../blocks.ts'
import { capabilities, capsKnown } from '../caps/index.ts'
import { discovery } from '../disco.ts'
import {
  authorize,
  readAuthorization,
  answerRequests,
  FEATURES,
  itemNames,
  nodeInfo,
  nodeItems,
  PubsubStore,
  recheck,
} from '../pubsub/index.ts'
import { rosters } from '../roster.ts'
import { AccountService, type Surroundings } from './account-service.ts'
import { sendLastItems } from './last-items.ts'

export type { AccountService } from './account-service.ts'
export { nodeChanged } from './points.ts'

const options = z.strictObject({
  nodes: z.int().min(1).default(500).describe('Nodes of one account.'),
  items: z.int().min(1).default(1000).describe('Items of one node; what "max" means.'),
  item_size: z.int().min(1024).default(250_000).describe('Characters of one item.'),
  total_size: z.int().min(1024).default(20_000_000).describe('Characters of all items of one account.'),
  subscribers: z.int().min(0).default(1000).describe('Subscribers of one node that are not subscribed by presence.'),
  answer_size: z.int().min(1024).default(1_000_000).describe('Characters of items in one answer; there are pages.'),
})

/** What other modules may do with the nodes of accounts. Everything runs in the account's queue. */
export interface Pep {
  /** The nodes of an account; `quiet`: modules do not hear of what is done by it. */
  of(account: Account, options?: { readonly quiet: boolean }): AccountService
}

/** Personal eventing, for modules. */
export const pep = service<Pep>('pep')

/** Features of accounts beyond those of every service (XEP-0163 §6.1). */
const ACCOUNT_FEATURES = ['auto-create', 'auto-subscribe', 'filtered-notifications']

/** Publishes for accounts, and notifies. */
export const personalEventing = defineModule({
  name: 'pep',
  specs: {
    'XEP-0059': '1.0',
    'XEP-0060': '1.30.0',
    'XEP-0163': '1.2.2',
    'XEP-0222': '1.0',
    'XEP-0223': '1.1.1',
  },
  options,
  needs: [discovery, rosters, capabilities, blocks],
  provides: pep,
  setup(host, disco, rosters, capabilities, blocked, options): Pep {
    const surroundings: Surroundings = {
      host,
      store: new PubsubStore(host),
      rosters,
      capabilities,
      blocks: blocked,
      limits: {
        nodes: options.nodes,
        items: options.items,
        itemSize: options.item_size,
        totalSize: options.total_size,
        subscribers: options.subscribers,
        answerSize: options.answer_size,
      },
    }
    const of: Pep['of'] = (account, { quiet } = { quiet: false }) => new AccountService(account, surroundings, quiet)
    const serviceOf = ({ account }: IqContext): AccountService => {
      if (!account) throw new TypeError('A request for an account has one')
      return of(account)
    }
    answerRequests(host, 'self', serviceOf)
    answerRequests(host, 'account', serviceOf)

    disco.identity({ category: 'pubsub', type: 'pep' }, 'account')
    host.feature(NS, 'account')
    for (const feature of FEATURES) host.feature(feature, 'account')
    for (const feature of ACCOUNT_FEATURES) host.feature(`${NS}#${feature}`, 'account')
    disco.items(context => nodeItems(serviceOf(context), context.from.bare), 'account')
    disco.nodes(
      {
        info: (node, context) => nodeInfo(serviceOf(context), node, context.from.bare),
        items: (node, context) => itemNames(serviceOf(context), node, context.from.bare),
      },
      'account',
    )

    host.on(capsKnown, 'run', ({ account, jid, features, turn }) => sendLastItems(of(account), jid, features, turn))
    host.on(rosterChanged, 'run', ({ account, contact, turn }) => {
      turn.hold()
      // When the roster has changed, and the turn that changes it is through.
      account.enter(() => recheckAll(of(account), contact, turn).finally(() => turn.release()))
    })
    host.on(contactAdmitted, 'run', async ({ account, contact, turn }) => {
      // §4.3.4: who is subscribed now and was there before is a new subscriber all the same.
      const service = of(account)
      for (const { jid, features } of service.present(contact)) await sendLastItems(service, jid, features, turn)
    })
    host.onKind('message', inbound, 'copy', ({ account, stanza, turn }) => {
      const { type, from, to } = stanza
      if (to?.resource !== '' || !from) return
      if (type === 'error') {
        // §4.3.1: who cannot be reached gets no more before his next presence.
        if (isFull(from)) capabilities.lost(from, account.jid)
        return
      }
      if (from.bare.text !== account.jid.text) return
      // XEP-0060 §8.6: the owner answers the service, which is his own account.
      const form = readAuthorization(stanza)
      if (form) return authorize(of(account), form, account.jid, turn).then(() => 'handled' as const)
    })
    host.on(accountRemoved, 'run', async ({ account, turn }) => {
      const { store } = surroundings
      for (const { name } of await store.list(account.jid.local)) store.delete(account.jid.local, name, turn)
    })
    return { of }
  },
})

/** Ends what a contact is not entitled to any more (§7.1). */
async function recheckAll(
  service: AccountService,
  contact: Parameters<typeof recheck>[3],
  turn: Parameters<typeof recheck>[2],
): Promise<void> {
  for (const node of await service.store.list(service.owner))
    if (node.subscribers > 0) await recheck(service, node, turn, contact)
}
