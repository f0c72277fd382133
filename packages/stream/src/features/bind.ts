/** Resource binding and the old session request (RFC 6120 §7), receiving side. */

import type { BareJid, FullJid } from '@tercet/jid'
import { errorReplyTo, fromFragment, StanzaError, StreamError, writeStanza } from '@tercet/stanza'
import { CONTENT, escapeAttr, escapeText, type Fragment } from '@tercet/xml'
import type { Negotiation, ReceiverFeature, ReceiverHost } from '../receiver.ts'
import type { StreamHandler } from '../stream.ts'

const NS = 'urn:ietf:params:xml:ns:xmpp-bind'
const NS_SESSION = 'urn:ietf:params:xml:ns:xmpp-session'

/** Attempts to bind before the stream is closed (RFC 6120 §7.6.2.1). */
const MAX_ATTEMPTS = 5

/** What binding asks of a host. */
export interface BindHost extends ReceiverHost {
  /**
   * Makes a session for `account`; `wanted` undefined lets the host choose a resource. The session takes the stream right after its result was
   * sent.
   *
   * @throws {StanzaError} `conflict`, `resource-constraint`, `not-allowed`
   */
  bind(negotiation: Negotiation<this>, account: BareJid, wanted: FullJid | undefined): Bound | Promise<Bound>
}

/** A bound resource. */
export interface Bound {
  readonly jid: FullJid
  readonly handler: StreamHandler
}

/** Offers binding to an authenticated stream; a successful bind ends negotiation. */
export const bind: ReceiverFeature<BindHost> = {
  name: 'bind',
  advertise: ({ account, bound }) =>
    account && !bound ? `<bind xmlns='${NS}'/><session xmlns='${NS_SESSION}'><optional/></session>` : undefined,
  accepts,
  async negotiate(negotiation, element) {
    const { account, pull } = negotiation
    if (!account) throw new StreamError('not-authorized', { text: 'Authenticate before you bind' })
    for (let attempt = 1, next = element; ; attempt++) {
      const bound = await attemptBind(negotiation, account, next)
      if (bound) return bound.handler
      if (attempt === MAX_ATTEMPTS) throw new StreamError('policy-violation', { text: 'Too many attempts to bind' })
      next = await pull.element()
      if (!accepts(next)) throw new StreamError('not-authorized', { text: 'Bind a resource before you send stanzas' })
    }
  },
}

function accepts(element: Fragment): boolean {
  return element.ns === CONTENT && element.name === 'iq' && element.content.find('bind', NS) >= 0
}

async function attemptBind(
  negotiation: Negotiation<BindHost>,
  account: BareJid,
  element: Fragment,
): Promise<Bound | undefined> {
  const { stream, host } = negotiation
  try {
    const iq = fromFragment(element, {})
    if (iq.kind !== 'iq' || iq.type !== 'set')
      throw new StanzaError('bad-request', { text: 'Binding is an iq of type set' })
    const resource = iq.content.elementAt(0).child('resource')?.text() ?? ''
    const pending = host.bind(negotiation, account, resource === '' ? undefined : wanted(account, resource))
    // Without a wait nothing can reach the new session before its result.
    const bound = pending instanceof Promise ? await pending : pending
    const jid = escapeText(bound.jid.text)
    stream.send(`<iq type='result' id='${escapeAttr(iq.id)}'><bind xmlns='${NS}'><jid>${jid}</jid></bind></iq>`)
    return bound
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error
    const reply = errorReplyTo(element, error, undefined)
    if (reply) stream.send(writeStanza(reply))
    return undefined
  }
}

function wanted(account: BareJid, resource: string): FullJid {
  try {
    return account.withResource(resource)
  } catch (cause) {
    throw new StanzaError('bad-request', { text: 'The resource is not valid', cause })
  }
}
