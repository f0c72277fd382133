// XEP-0215 1.0.0: external service discovery.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child } from '../fields.ts'
import { iqGet } from '../query.ts'
import { between, bool, dateTime } from '../scalars.ts'

/** Namespace of external services. */
export const NS = 'urn:xmpp:extdisco:2'

const serviceFields = {
  host: attr('host'),
  type: attr('type'),
  port: attr('port', between(0, 65_535)).optional,
  transport: attr('transport').optional,
  name: attr('name').optional,
  username: attr('username').optional,
  password: attr('password').optional,
  expires: attr('expires', dateTime).optional,
  restricted: attr('restricted', bool).optional,
  action: attr('action').optional,
}

/** A service outside of XMPP, such as a TURN relay, with what it takes to use it (XEP-0215 §2). */
export type ExternalService = Read<typeof serviceFields>

const service: Codec<ExternalService> = element(NS, 'service', serviceFields)

/** Asks for services, of one type or of all (XEP-0215 §3.1, §3.2). */
export const services = iqGet(
  element(NS, 'services', { type: attr('type').optional }),
  element(NS, 'services', { type: attr('type').optional, services: child(service).many }),
)

/** Asks for the credentials of one service (XEP-0215 §3.3). */
export const credentials = iqGet(
  element(NS, 'credentials', { service: child(service) }),
  element(NS, 'credentials', { services: child(service).many }),
)
