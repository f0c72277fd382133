import type { Module } from '../module.ts'
import { avatar } from './avatar.ts'
import { bind } from './bind.ts'
import { bookmarks } from './bookmarks.ts'
import { blocking } from './blocking.ts'
import { caps } from './caps/index.ts'
import { carbons } from './carbons.ts'
import { clients } from './clients.ts'
import { csi } from './csi.ts'
import { adHocCommands } from './commands.ts'
import { disco } from './disco.ts'
import { guests } from './guests.ts'
import { sharedGroups } from './groups.ts'
import { inbox } from './inbox/index.ts'
import { invitations } from './invitations.ts'
import { last } from './last.ts'
import { mam } from './mam/index.ts'
import { mds } from './mds.ts'
import { message } from './message.ts'
import { offline } from './offline.ts'
import { personalEventing } from './pep/index.ts'
import { ping } from './ping.ts'
import { presence } from './presence.ts'
import { privateStorage } from './private.ts'
import { push } from './push.ts'
import { pushGateway } from './push-gateway/index.ts'
import { register } from './register.ts'
import { reporting } from './reports.ts'
import { roster } from './roster.ts'
import { session } from './session.ts'
import { sm } from './sm.ts'
import { strangers } from './strangers.ts'
import { subscription } from './subscription.ts'
import { time } from './time.ts'
import { turn } from './turn.ts'
import { unifiedPush } from './unified-push/index.ts'
import { upload } from './upload/index.ts'
import { vcard } from './vcard.ts'
import { vcard4 } from './vcard4/index.ts'
import { version } from './version.ts'

export { discovery, type Disco } from './disco.ts'
export { reports, type FiledReport, type Reports } from './reports.ts'
export { invites, type Invite, type InviteOptions, type Invites } from './invites.ts'
export { pushes, type Push, type PushState } from './push.ts'

/** What a host serves by default. */
export const standardModules: readonly Module[] = [
  bind,
  sm,
  csi,
  roster,
  sharedGroups,
  presence,
  subscription,
  message,
  mam,
  offline,
  carbons,
  session,
  disco,
  caps,
  personalEventing,
  mds,
  inbox,
  avatar,
  bookmarks,
  vcard4,
  ping,
  version,
  time,
  last,
  guests,
  strangers,
  clients,
  privateStorage,
  vcard,
  reporting,
  blocking,
  adHocCommands,
  invitations,
  push,
  pushGateway,
  unifiedPush,
  register,
  upload,
  turn,
]
