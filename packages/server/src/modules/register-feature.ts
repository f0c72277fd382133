/** Registration during negotiation (XEP-0077 2.4 §3.1, §8), with an invitation too (XEP-0445 0.2.0): before authentication. */

import {
  DecodeError,
  errorReplyTo,
  fromFragment,
  resultOf,
  StanzaError,
  StreamError,
  writeStanza,
  type Iq,
  type Query,
} from '@tercet/stanza'
import * as preauth from '@tercet/stanza/preauth'
import * as wire from '@tercet/stanza/register'
import type { Registration } from '@tercet/stanza/register'
import type { Negotiation, Outcome, ReceiverFeature, Stream, TlsHost } from '@tercet/stream'
import type { StorageError } from '@tercet/storage'
import { CONTENT, write, type Fragment } from '@tercet/xml'
import type { Host } from '../host.ts'
import { networkOf } from '../network.ts'
import { HourlyLimit } from './hourly-limit.ts'
import type { Invite, Invites } from './invites.ts'
import { deriveKeys, localOf } from './new-credentials.ts'

/** Refused requests after which a stream is closed. */
const MAX_REFUSALS = 10

/** What an operator has set. */
export interface RegisterOptions {
  readonly open: boolean
  readonly per_hour?: number | undefined
}

/** Makes accounts for streams that are not authenticated, where that is open; elsewhere it says that it does not. */
export function newAccounts(host: Host, made: Invites, options: RegisterOptions): ReceiverFeature<TlsHost> {
  const byToken = write(preauth.feature.write({}))
  const advertised = (options.open ? write(wire.feature.write({})) : '') + byToken
  const invited = new WeakMap<Stream, Invite>()
  const limit = options.per_hour === undefined ? undefined : new HourlyLimit(host, options.per_hour)
  const refusals = new WeakMap<Stream, number>()
  const done = new WeakSet<Stream>()
  return {
    name: 'register',
    advertise: negotiation => (mayAsk(negotiation) ? advertised : undefined),
    accepts: (element, negotiation) => mayAsk(negotiation) && isRequest(element),
    async negotiate({ stream }, element): Promise<Outcome> {
      try {
        stream.send(writeStanza(await answer(stream, read(element))))
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error
        const reply = errorReplyTo(element, error, undefined)
        if (reply) stream.send(writeStanza(reply))
        const count = (refusals.get(stream) ?? 0) + 1
        refusals.set(stream, count)
        if (count >= MAX_REFUSALS) throw new StreamError('policy-violation', { text: 'Too many refused requests' })
      }
      return 'continue'
    },
  }

  async function answer(stream: Stream, iq: Iq): Promise<Iq> {
    if (iq.to && iq.to.text !== host.domain) throw new StanzaError('service-unavailable')
    if (iq.content.find('preauth', preauth.NS) >= 0) return welcome(stream, iq)
    const invite = invited.get(stream)
    if (!options.open && !invite) throw new StanzaError('service-unavailable', { text: 'Nobody can register here' })
    if (iq.type === 'get') return resultOf(iq, wire.get.writeResult({ ...wanted, username: invite?.username ?? '' }))
    await create(stream, decoded(wire.set, iq))
    return resultOf(iq)
  }

  /** XEP-0445 §4: from here on this stream may register, even if the invitation expires meanwhile. */
  async function welcome(stream: Stream, iq: Iq): Promise<Iq> {
    if (iq.type !== 'set') throw new StanzaError('bad-request')
    const invite = await made.find(decoded(preauth.present, iq))
    if (!invite?.account) throw new StanzaError('item-not-found', { text: 'The provided token is invalid or expired' })
    invited.set(stream, invite)
    return resultOf(iq)
  }

  async function create(stream: Stream, request: Registration): Promise<void> {
    // §3.2: there is nobody yet whom it could be about.
    if (request.remove) throw new StanzaError('unexpected-request', { text: 'Authenticate first' })
    const local = localOf(host, request.username ?? '')
    if (local === undefined) throw new StanzaError('not-acceptable', { text: 'Choose another username' })
    // §3.1: an empty password counts as none.
    if (!request.password) throw new StanzaError('not-acceptable', { text: 'Choose a password' })
    const invite = invited.get(stream)
    if (await made.isTaken(local, invite?.hash)) throw taken()
    if (done.has(stream)) throw new StanzaError('not-acceptable', { text: 'You have made an account; log in' })
    const { address } = stream.transport.remote
    // Who is invited need not wait for others.
    const free = invite ? undefined : limit
    if (free?.take(networkOf(address)) === false) {
      throw new StanzaError('not-acceptable', {
        type: 'wait',
        text: 'Too many new accounts from there; try again later',
      })
    }
    try {
      const keys = await deriveKeys(host, request.password)
      if (invite) await made.register(invite, local, keys)
      else await host.accounts.put(local, keys, { create: true })
    } catch (error) {
      free?.giveBack(networkOf(address))
      throw asRefusal(error)
    }
    done.add(stream)
    host.logger.info({ stream: stream.id, address, account: local }, 'Account registered')
  }
}

/** §3.1: which fields there are to fill in. */
const wanted: Registration = {
  registered: false,
  remove: false,
  instructions: 'Choose a username and a password',
  username: '',
  password: '',
}

/** Before authentication, and not in clear where TLS is required: a password is in it. */
function mayAsk({ account, stream, host }: Negotiation<TlsHost>): boolean {
  return !account && !(host.requireTls && stream.transport.tls === undefined)
}

function isRequest(element: Fragment): boolean {
  if (element.ns !== CONTENT || element.name !== 'iq') return false
  return element.content.find('query', wire.NS) >= 0 || element.content.find('preauth', preauth.NS) >= 0
}

/** @throws {StanzaError} `bad-request`: no request, or a malformed one */
function read(element: Fragment): Iq {
  const stanza = fromFragment(element)
  if (stanza.kind !== 'iq' || (stanza.type !== 'get' && stanza.type !== 'set')) throw new StanzaError('bad-request')
  return stanza
}

/** @throws {StanzaError} `bad-request`: malformed */
function decoded<T>(query: Query<T, void>, iq: Iq): T {
  try {
    return query.request.read(iq.content.elementAt(0))
  } catch (error) {
    if (error instanceof DecodeError) throw new StanzaError('bad-request', { text: error.message, cause: error })
    throw error
  }
}

function taken(): StanzaError {
  return new StanzaError('conflict', { text: 'This username is taken' })
}

/** What went wrong, as the peer hears it. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'StorageError') return error
  // Its name says so.
  const { condition } = error as StorageError
  // Somebody was quicker.
  if (condition === 'conflict') return taken()
  return new StanzaError('resource-constraint', {
    text: 'The account could not be stored; try again later',
    cause: error,
  })
}
