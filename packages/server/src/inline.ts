/** What a client may ask for while it binds (XEP-0386 1.1.0 §3.2): modules say what they can do, Bind 2 asks them. */

import type { Element } from '@tercet/xml'
import type { Awaitable } from '@tercet/storage'
import type { Session } from './session.ts'

/** One feature of a new session, for `Host.inlineFeature`. */
export interface InlineFeature {
  /** The feature's name in `<inline/>`, and the namespace of what asks for it. */
  readonly ns: string
  /** False: it is not listed, since clients do not ask for it, such as the metadata of an archive. Default true. */
  readonly listed?: boolean
  /**
   * A session was bound. Runs in the account's queue, before anything can reach the session and before the client hears of it.
   *
   * @param request the client's first element of `ns` in `<bind/>`; undefined: it did not ask
   * @param bind all that the client asks for
   * @returns wire text for `<bound/>`; undefined: none. What is thrown is logged, and the client gets no answer of this feature.
   */
  bound(session: Session, request: Element | undefined, bind: Element): Awaitable<string | undefined>
}
