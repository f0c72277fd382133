export { avatar, type Avatar, type AvatarImage } from './avatar.ts'
export { bookmarks, type Bookmarks } from './bookmarks.ts'
export { blockedChanged, blocking, type BlockedEvent, type Blocking, type BlockOptions } from './blocking.ts'
export { caps } from './caps.ts'
export { csi, type Csi } from './csi.ts'
export { disco, discoAs, discoService, type Disco, type DiscoOptions } from './disco.ts'
export {
  nodeEvent,
  pep,
  pepService,
  type ItemsOptions,
  type NodeEvent,
  type NodeItem,
  type Pep,
  type PublishOptions,
} from './pep.ts'
export { ping, type Ping } from './ping.ts'
export {
  presence,
  presenceChanged,
  subscriptionChanged,
  type Availability,
  type Presence,
  type PresenceEvent,
  type SubscriptionEvent,
} from './presence.ts'
export { privateData, type PrivateData } from './private.ts'
export { push, type Push, type PushTarget, type RegisterOptions, type WebSubscription } from './push.ts'
export { roster, rosterChanged, type ContactOptions, type Roster, type RosterEvent } from './roster.ts'
export { time, type ClockTime, type Time } from './time.ts'
export { version, versionOf, type Software, type Version } from './version.ts'
export { vcard, type VCard } from './vcard.ts'
