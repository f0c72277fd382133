// XEP-0424 0.4.2: message retraction.
import { element } from '../codec.ts'
import { attr } from '../fields.ts'
import { dateTime } from '../scalars.ts'

/** Namespace of retractions, and feature of who understands them (§2). */
export const NS = 'urn:xmpp:message-retract:1'

/** Feature of an archive that puts a tombstone in the place of what was retracted (§4). */
export const NS_TOMBSTONE = 'urn:xmpp:message-retract:1#tombstone'

/** Takes back the message of that id, which its sender gave; in rooms, the room (§5.1). */
export const retract = element(NS, 'retract', { id: attr('id') })

/** Stands where a message was: the id of the message that took it back, and when. */
export const retracted = element(NS, 'retracted', { id: attr('id'), stamp: attr('stamp', dateTime).optional })
