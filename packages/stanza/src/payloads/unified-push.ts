// UnifiedPush over XMPP, as Conversations and the push server "up" speak it (no XEP): a client takes pushes for other apps of its device.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, content } from '../fields.ts'
import { iqSet } from '../query.ts'
import { base64, dateTime } from '../scalars.ts'

/** Namespace of all of it. */
export const NS = 'http://gultsch.de/xmpp/drafts/unified-push'

/** Salted hashes of an app and of one of its uses: 32 bytes in base64. */
const names = { application: attr('application'), instance: attr('instance') }

const registeredFields = { endpoint: attr('endpoint'), expiration: attr('expiration', dateTime) }

/** Where pushes for an app go, and until when. */
export type Registered = Read<typeof registeredFields>

/** `<registered/>`. */
export const registered: Codec<Registered> = element(NS, 'registered', registeredFields)

/** A client asks the push server for an endpoint, or for more time. */
export const register = iqSet(element(NS, 'register', names), registered)

/** The push server gives the client what came to an endpoint. `item-not-found` ends the endpoint. */
export const push = iqSet(element(NS, 'push', { ...names, data: content(base64) }))
