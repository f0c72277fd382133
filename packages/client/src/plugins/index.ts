export { caps } from './caps.ts'
export { disco, discoAs, discoService, type Disco, type DiscoOptions } from './disco.ts'
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
export { roster, rosterChanged, type ContactOptions, type Roster, type RosterEvent } from './roster.ts'
export { time, type ClockTime, type Time } from './time.ts'
export { version, versionOf, type Software, type Version } from './version.ts'
