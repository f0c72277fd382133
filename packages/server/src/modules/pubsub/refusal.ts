/** Errors as XEP-0060 1.30.0 wants them: a condition of RFC 6120 with one of its own inside. */

import { StanzaError, type StanzaCondition } from '@tercet/stanza'
import { condition, NS_ERRORS } from '@tercet/stanza/pubsub'
import { Element } from '@tercet/xml'

/** A condition that has a meaning in publish-subscribe alone. */
export type PubsubCondition =
  | 'closed-node'
  | 'invalid-jid'
  | 'invalid-payload'
  | 'item-required'
  | 'max-items-exceeded'
  | 'max-nodes-exceeded'
  | 'nodeid-required'
  | 'not-in-roster-group'
  | 'not-subscribed'
  | 'payload-required'
  | 'payload-too-big'
  | 'pending-subscription'
  | 'precondition-not-met'
  | 'presence-subscription-required'
  | 'too-many-subscriptions'
  | 'unsupported-access-model'

/** `<closed-node/>` and the like. */
export function refusal(name: PubsubCondition): Element {
  return new Element(name, NS_ERRORS)
}

/** Refuses a request. */
export function refuse(stanza: StanzaCondition, own?: PubsubCondition, text?: string): never {
  throw new StanzaError(stanza, { text, application: own && refusal(own) })
}

/** What this service does not do, by the name of its feature (§13). */
export function unsupported(feature: string): never {
  throw new StanzaError('feature-not-implemented', { application: condition.write(feature) })
}
