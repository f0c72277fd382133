/** How nodes of accounts are made (XEP-0163 1.2.2 §5): for contacts, unless what is published there is known to be for others. */

import { defaultConfig, type ConfigChanges, type NodeConfig } from '../pubsub/index.ts'

/** One item for contacts: a mood, a tune, an avatar. */
const personal: NodeConfig = { ...defaultConfig, accessModel: 'presence', maxItems: 1 }

/** For the owner's own clients alone (XEP-0223 1.1.1 §3). */
const own: ConfigChanges = { accessModel: 'whitelist', maxItems: 'max', sendLast: 'never' }

/** Keys and lists of devices: whoever writes to the account needs them first (XEP-0384 0.9.1 §4). */
const open: ConfigChanges = { accessModel: 'open' }

/** By the name of the node, or what it begins with. */
const known: readonly (readonly [name: string, changes: ConfigChanges])[] = [
  ['urn:xmpp:omemo:2:devices', open],
  ['urn:xmpp:omemo:2:bundles', { ...open, maxItems: 'max' }],
  ['eu.siacs.conversations.axolotl.devicelist', open],
  ['eu.siacs.conversations.axolotl.bundles:', open],
  ['urn:xmpp:openpgp:0:public-keys', { ...open, maxItems: 'max' }],
  ['urn:xmpp:bookmarks:1', own],
  ['storage:bookmarks', { ...own, maxItems: 1, sendLast: 'on_sub_and_presence' }],
  ['urn:xmpp:mds:displayed:0', own],
  ['urn:xmpp:vcard4', open],
  ['urn:xmpp:contacts', own],
  ['urn:xmpp:microblog:0', { maxItems: 'max' }],
]

/** The configuration of a new node of that name. */
export function nodeDefaults(name: string): NodeConfig {
  for (const [start, changes] of known)
    if (name === start || (name.startsWith(start) && /[:/]/.test(start.slice(-1) + name.charAt(start.length))))
      return { ...personal, ...changes }
  return personal
}
