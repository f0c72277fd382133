// XEP-0494 0.1.0: which clients have access to an account.
import { element, elementOf } from '../codec.ts'
import { attr, child, flag, text } from '../fields.ts'
import { iqGet, iqSet } from '../query.ts'
import { bool, dateTime, oneOf } from '../scalars.ts'

/** Namespace of client access management. */
export const NS = 'urn:xmpp:cam:0'

/** How a client has shown who it is (§3.1). */
const auth = element(NS, 'auth', { password: flag('password'), grant: flag('grant'), fast: flag('fast') })

/** One client (§3.1). */
const client = element(NS, 'client', {
  id: attr('id'),
  connected: attr('connected', bool),
  type: attr('type', oneOf('session', 'access')),
  firstSeen: text('first-seen', dateTime).optional,
  lastSeen: text('last-seen', dateTime).optional,
  auth: child(auth),
  permission: child(elementOf(NS, 'permission', attr('status', oneOf('unrestricted', 'normal', 'restricted')))),
  userAgent: child(
    element(NS, 'user-agent', {
      software: text('software').optional,
      uri: text('uri').optional,
      device: text('device').optional,
    }),
  ).optional,
})

/** Asks for the clients of one's own account (§3.1). */
export const list = iqGet(element(NS, 'list'), elementOf(NS, 'clients', child(client).many))

/** Takes away the access of a client (§3.2). */
export const revoke = iqSet(element(NS, 'revoke', { id: attr('id') }))

/** Application condition: only a new password keeps this client out (§3.2). */
export const passwordResetRequired = element(NS, 'password-reset-required')
