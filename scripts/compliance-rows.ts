/** The rows of the compliance suites (XEP-0479 0.1.0 §3), all of them, and which files show that ours are kept. */

/** What a level asks for: it has to be there, it need not, or it is nothing for a server. */
export type Demand = 'yes' | 'no' | 'n/a'

/** One row. */
export interface Row {
  readonly suite: 'Core' | 'Web' | 'IM' | 'Mobile' | 'A/V Calling'
  readonly feature: string
  readonly providers: readonly string[]
  /** At the levels Server and Advanced Server. */
  readonly demands: readonly [server: Demand, advanced: Demand]
  /** Packages and modules that do it; each says so of a provider. */
  readonly by?: readonly string[]
  /** Test files, plays, or folders of plays, from the root of the repository; each provider is named in one of them. */
  readonly shown?: readonly string[]
  /** Why it is not there. */
  readonly missing?: string
}

const plays = 'apps/conformance/plays'
const modules = 'packages/server/src/modules'
const rooms = 'There are no rooms yet.'

/** In the order of the text; what no server has to do is left without files. */
export const rows: readonly Row[] = [
  {
    suite: 'Core',
    feature: 'Core features',
    providers: ['RFC 6120'],
    demands: ['yes', 'yes'],
    by: ['xml', 'stream', 'bind'],
    shown: [`${plays}/rfc6120`],
  },
  {
    suite: 'Core',
    feature: 'TLS',
    providers: ['RFC 7590'],
    demands: ['yes', 'yes'],
    by: ['net'],
    shown: [`${plays}/rfc6120/tls-required.play`, `${plays}/rfc6120/starttls-injection.play`],
  },
  {
    suite: 'Core',
    feature: 'Direct TLS',
    providers: ['XEP-0368'],
    demands: ['no', 'yes'],
    by: ['net'],
    shown: [`${plays}/xep-0368`],
  },
  {
    suite: 'Core',
    feature: 'Feature discovery',
    providers: ['XEP-0030'],
    demands: ['yes', 'yes'],
    by: ['disco'],
    shown: [`${modules}/disco.test.ts`],
  },
  {
    suite: 'Core',
    feature: 'Feature broadcasts',
    providers: ['XEP-0115'],
    demands: ['no', 'yes'],
    by: ['caps'],
    shown: [`${plays}/xep-0115`],
  },
  {
    suite: 'Core',
    feature: 'Server Extensibility',
    providers: ['XEP-0114'],
    demands: ['yes', 'yes'],
    by: ['component'],
    shown: [`${plays}/xep-0114`, 'apps/interop/src/component.test.ts', 'apps/server/src/components/components.test.ts'],
  },
  {
    suite: 'Core',
    feature: 'Event publishing',
    providers: ['XEP-0163'],
    demands: ['no', 'yes'],
    by: ['pep'],
    shown: [`${plays}/xep-0163`, `${modules}/pep/pep.test.ts`],
  },
  {
    suite: 'Web',
    feature: 'Web Connection Mechanisms',
    providers: ['RFC 7395', 'XEP-0206', 'XEP-0124'],
    demands: ['yes', 'yes'],
    by: ['xml', 'stream', 'net'],
    shown: [`${plays}/rfc7395`, 'packages/net/src/bosh/bosh.test.ts', 'apps/server/src/bosh.test.ts'],
  },
  {
    suite: 'Web',
    feature: 'Connection Mechanism Discovery',
    providers: ['XEP-0156'],
    demands: ['no', 'n/a'],
    by: ['server app'],
    shown: ['apps/server/src/host-meta.test.ts'],
  },
  {
    suite: 'IM',
    feature: 'Core features',
    providers: ['RFC 6121'],
    demands: ['yes', 'yes'],
    by: ['roster', 'presence', 'subscription', 'message'],
    shown: [`${plays}/rfc6121`],
  },
  { suite: 'IM', feature: 'The /me Command', providers: ['XEP-0245'], demands: ['n/a', 'n/a'] },
  { suite: 'IM', feature: 'User Avatars', providers: ['XEP-0084'], demands: ['n/a', 'n/a'] },
  {
    suite: 'IM',
    feature: 'User Avatar Compatibility',
    providers: ['XEP-0398', 'XEP-0153'],
    demands: ['no', 'yes'],
    by: ['avatar'],
    shown: [`${plays}/xep-0398`],
  },
  {
    suite: 'IM',
    feature: 'vcard-temp',
    providers: ['XEP-0054'],
    demands: ['yes', 'yes'],
    by: ['vcard'],
    shown: [`${modules}/vcard.test.ts`],
  },
  {
    suite: 'IM',
    feature: 'Outbound Message Synchronization',
    providers: ['XEP-0280'],
    demands: ['yes', 'yes'],
    by: ['carbons'],
    shown: [`${plays}/xep-0280`],
  },
  {
    suite: 'IM',
    feature: 'User Blocking',
    providers: ['XEP-0191'],
    demands: ['no', 'yes'],
    by: ['blocking'],
    shown: [`${plays}/xep-0191`],
  },
  {
    suite: 'IM',
    feature: 'Group Chat',
    providers: ['XEP-0045', 'XEP-0249'],
    demands: ['yes', 'yes'],
    missing: rooms,
  },
  {
    suite: 'IM',
    feature: 'Advanced Group Chat',
    providers: ['XEP-0048', 'XEP-0313', 'XEP-0402', 'XEP-0410'],
    demands: ['no', 'yes'],
    missing: `${rooms} Bookmarks are kept in step in all three forms, with \`#compat\`: plays/xep-0402.`,
  },
  {
    suite: 'IM',
    feature: 'Persistent Storage of Private Data via PubSub',
    providers: ['XEP-0223'],
    demands: ['no', 'yes'],
    by: ['pep'],
    shown: [`${plays}/xep-0163/access-is-lost.play`],
  },
  {
    suite: 'IM',
    feature: 'Private XML Storage',
    providers: ['XEP-0049'],
    demands: ['no', 'yes'],
    by: ['private'],
    shown: [`${modules}/private.test.ts`],
  },
  {
    suite: 'IM',
    feature: 'Stream Management',
    providers: ['XEP-0198'],
    demands: ['no', 'yes'],
    by: ['stream', 'sm'],
    shown: [`${plays}/xep-0198`],
  },
  { suite: 'IM', feature: 'Message Acknowledgements', providers: ['XEP-0184'], demands: ['n/a', 'n/a'] },
  {
    suite: 'IM',
    feature: 'History Storage / Retrieval',
    providers: ['XEP-0313'],
    demands: ['no', 'yes'],
    by: ['mam'],
    shown: [`${plays}/xep-0313`],
  },
  { suite: 'IM', feature: 'Chat States', providers: ['XEP-0085'], demands: ['n/a', 'n/a'] },
  { suite: 'IM', feature: 'Message Correction', providers: ['XEP-0308'], demands: ['n/a', 'n/a'] },
  {
    suite: 'IM',
    feature: 'File Upload',
    providers: ['XEP-0363'],
    demands: ['yes', 'yes'],
    by: ['upload'],
    shown: [`${plays}/xep-0363`, `${modules}/upload/upload.test.ts`],
  },
  { suite: 'IM', feature: 'Direct File Transfer', providers: ['XEP-0234', 'XEP-0261'], demands: ['n/a', 'n/a'] },
  {
    suite: 'Mobile',
    feature: 'Stream Management',
    providers: ['XEP-0198'],
    demands: ['yes', 'yes'],
    by: ['stream', 'sm'],
    shown: [`${plays}/xep-0198`, 'apps/conformance/phone/phone.test.ts'],
  },
  {
    suite: 'Mobile',
    feature: 'Client State Indication',
    providers: ['XEP-0352'],
    demands: ['yes', 'yes'],
    by: ['csi'],
    shown: [`${plays}/xep-0352`],
  },
  {
    suite: 'Mobile',
    feature: 'Third Party Push Notifications',
    providers: ['XEP-0357'],
    demands: ['no', 'yes'],
    by: ['push'],
    shown: [`${plays}/xep-0357`, `${modules}/push.test.ts`],
  },
  { suite: 'A/V Calling', feature: 'Call Setup', providers: ['XEP-0167', 'XEP-0353'], demands: ['n/a', 'n/a'] },
  { suite: 'A/V Calling', feature: 'Transport', providers: ['XEP-0176'], demands: ['n/a', 'n/a'] },
  { suite: 'A/V Calling', feature: 'Encryption', providers: ['XEP-0320'], demands: ['n/a', 'n/a'] },
  {
    suite: 'A/V Calling',
    feature: 'STUN/TURN server discovery',
    providers: ['XEP-0215'],
    demands: ['yes', 'yes'],
    by: ['turn'],
    shown: [`${modules}/turn.test.ts`],
  },
  {
    suite: 'A/V Calling',
    feature: 'Quality and Performance improvements',
    providers: ['XEP-0293', 'XEP-0294', 'XEP-0338', 'XEP-0339'],
    demands: ['n/a', 'n/a'],
  },
]
