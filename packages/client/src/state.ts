/** The one state of a client, with its reason. */

import type { FullJid } from '@tercet/jid'

/**
 * `connecting`: a new session is being made · `online`: there is one · `resuming`: its link is lost and being replaced, what is
 * sent meanwhile waits · `offline`: the end, nothing more is tried.
 *
 * `reason` is what ended the link before; it is absent at first and after an orderly close.
 */
export type State =
  | { readonly kind: 'connecting'; readonly reason: Error | undefined }
  | {
      readonly kind: 'online'
      readonly jid: FullJid
      /** False: the session is new, so the server has forgotten presence, and what was enabled for the session. */
      readonly resumed: boolean
    }
  | { readonly kind: 'resuming'; readonly reason: Error | undefined }
  | { readonly kind: 'offline'; readonly reason: Error | undefined }
