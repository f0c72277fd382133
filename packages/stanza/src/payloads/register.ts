// XEP-0077 2.4: in-band registration.
import { type Codec, type Read, element } from '../codec.ts'
import { child, flag, text } from '../fields.ts'
import { iqGet, iqSet } from '../query.ts'
import { dataForm } from './data-form.ts'
import { oob } from './oob.ts'

/** Namespace of registration. */
export const NS = 'jabber:iq:register'

const fields = {
  registered: flag('registered'),
  remove: flag('remove'),
  instructions: text('instructions').optional,
  username: text('username').optional,
  nick: text('nick').optional,
  password: text('password').optional,
  name: text('name').optional,
  first: text('first').optional,
  last: text('last').optional,
  email: text('email').optional,
  address: text('address').optional,
  city: text('city').optional,
  state: text('state').optional,
  zip: text('zip').optional,
  phone: text('phone').optional,
  url: text('url').optional,
  date: text('date').optional,
  misc: text('misc').optional,
  text: text('text').optional,
  key: text('key').optional,
  form: child(dataForm).optional,
  oob: child(oob).optional,
}

/** What is asked for (`''` for each field wanted), what is registered, or what to register (XEP-0077 §3). */
export type Registration = Read<typeof fields>

/** `<query/>` of a registration. */
export const registration: Codec<Registration> = element(NS, 'query', fields)

/** Asks what a registration needs, or what is registered. */
export const get = iqGet(element(NS, 'query'), registration)

/** Registers, changes the password, or removes the registration. */
export const set = iqSet(registration)

/** Stream feature: registration is open before authentication (XEP-0077 §8). */
export const feature = element('http://jabber.org/features/iq-register', 'register')
