// XEP-0388 1.0.4: extensible SASL. Bytes that are not base64 are a DecodeError of reason `malformed`: `<incorrect-encoding/>`.
import { type Codec, type Read, element, elementOf } from '../codec.ts'
import { saslCondition } from '../conditions.ts'
import { attr, child, content, elements, named, text } from '../fields.ts'
import { base64, jid } from '../scalars.ts'
import { NS as NS_SASL } from './sasl.ts'
import { upgrade } from './sasl-upgrade.ts'

/** Namespace of extensible SASL. */
export const NS = 'urn:xmpp:sasl:2'

/** What can be negotiated within authentication, as elements: each is to be read with the codec of its own specification (§2.1). */
export const inline = elementOf(NS, 'inline', elements())

/** Stream feature (§2.1), with the tasks that store new keys (XEP-0480 §2.1). */
export const authentication = element(NS, 'authentication', {
  mechanisms: text('mechanism').many,
  inline: child(inline).or([]),
  upgrades: child(upgrade).many,
})

const agentFields = {
  id: attr('id').optional,
  software: text('software').optional,
  device: text('device').optional,
}

/** The client's software, and the device that it runs on; `id` stays the same for one installation (§2.3). */
export type UserAgent = Read<typeof agentFields>

/** `<user-agent/>` (§2.3). */
export const userAgent: Codec<UserAgent> = element(NS, 'user-agent', agentFields)

/** Begins. What is wanted beside are children of other namespaces (§2.3). */
export const authenticate = element(NS, 'authenticate', {
  mechanism: attr('mechanism'),
  initialResponse: text('initial-response', base64).optional,
  userAgent: child(userAgent).lenient,
})

/** The receiver's next step (§2.5). */
export const challenge = elementOf(NS, 'challenge', content(base64))

/** The initiator's next step (§2.5). */
export const response = elementOf(NS, 'response', content(base64))

/** The initiator gives up (§4.5). */
export const abort = element(NS, 'abort')

/** Authenticated. The identity is a bare address, or a full one once a resource is bound (§2.6.1). */
export const success = element(NS, 'success', {
  additionalData: text('additional-data', base64).optional,
  authorizationIdentifier: text('authorization-identifier', jid),
})

/** Refused (§2.6.2). */
export const failure = element(NS, 'failure', {
  condition: named(saslCondition, { ns: NS_SASL, absent: 'not-authorized' }),
  text: text('text').optional,
})

/** The mechanism has succeeded, and more is to be done: one of these tasks (§2.6.3). */
export const goOn = element(NS, 'continue', {
  additionalData: text('additional-data', base64).optional,
  tasks: child(elementOf(NS, 'tasks', text('task').many)),
  text: text('text').optional,
})

/** The initiator begins a task (§2.6.3). */
export const next = element(NS, 'next', { task: attr('task') })

/** What a task says, in both directions (§2.6.3). */
export const taskData = elementOf(NS, 'task-data', elements())
