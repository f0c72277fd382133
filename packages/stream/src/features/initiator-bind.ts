/** Resource binding (RFC 6120 §7) and the session request of old servers (RFC 3921 §3), initiating side. */

import type { FullJid } from '@tercet/jid'
import {
  fromFragment,
  iq,
  StanzaError,
  stanzaError,
  StreamError,
  writeStanza,
  type Iq,
  type Query,
} from '@tercet/stanza'
import { bind, feature } from '@tercet/stanza/bind'
import { feature as sessionFeature, session } from '@tercet/stanza/session'
import { CONTENT, type Content, type Fragment } from '@tercet/xml'
import { answer, offered, type Initiation } from '../initiation.ts'

/**
 * Binds a resource and gives our full address. A resource that somebody else has is not fought over: the server then chooses one.
 *
 * @throws {StanzaError} refused · {StreamError} `unsupported-feature`: the server does not offer it
 */
export async function bindResource(initiation: Initiation, features: Content): Promise<FullJid> {
  if (offered(features, feature) === undefined) {
    throw new StreamError('unsupported-feature', { text: 'A server offers resource binding after authentication' })
  }
  const { resource } = initiation.options
  const { jid } = await ask(initiation, 'bind', bind, { resource }).catch((error: unknown) => {
    if (resource === undefined || !(error instanceof StanzaError) || error.condition !== 'conflict') throw error
    return ask(initiation, 'bind-any', bind, {})
  })
  if (offered(features, sessionFeature)?.optional === false) await ask(initiation, 'session', session, {})
  return jid
}

/** A request before there is a session to make it. */
async function ask<Req, Res>(initiation: Initiation, id: string, query: Query<Req, Res>, value: Req): Promise<Res> {
  initiation.stream.send(writeStanza(iq({ type: query.type, id, payload: query.request.write(value) })))
  const element = await answer(initiation, candidate => isAnswer(candidate, id))
  // An element of that name in the content namespace.
  const reply = fromFragment(element) as Iq
  if (reply.type === 'error') throw reply.get(stanzaError) ?? new StanzaError('undefined-condition')
  return query.readResult(reply.content)
}

function isAnswer(element: Fragment, id: string): boolean {
  if (element.ns !== CONTENT || element.name !== 'iq' || element.attr('id') !== id) return false
  const type = element.attr('type')
  return type === 'result' || type === 'error'
}
