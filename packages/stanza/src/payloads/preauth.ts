// XEP-0379 0.3.3 and XEP-0445 0.2.0: tokens of invitations, and XEP-0401 0.6.0: the commands that make them.
import { element, elementOf } from '../codec.ts'
import { attr } from '../fields.ts'
import { iqSet } from '../query.ts'

/** Namespace of tokens. */
export const NS = 'urn:xmpp:pars:0'

/** Namespace of invitations. */
export const NS_INVITE = 'urn:xmpp:invite'

/** Node of the command that makes an invitation to be the user's contact (XEP-0401 §5.1). */
export const INVITE = 'urn:xmpp:invite#invite'

/** Node of the command that makes an invitation to have an account (XEP-0401 §5.4). */
export const CREATE_ACCOUNT = 'urn:xmpp:invite#create-account'

/** Type of the form that both give. */
export const FORM_TYPE = 'urn:xmpp:invite#invitation'

/** The token of an invitation, with a request for a subscription (XEP-0379 §3.4); its value is the token. */
export const preauth = elementOf(NS, 'preauth', attr('token'))

/** Shows the token before a registration (XEP-0445 §4). */
export const present = iqSet(preauth)

/** Stream feature: a token lets somebody register (XEP-0445 §3). */
export const feature = element('urn:xmpp:ibr-token:0', 'register')
