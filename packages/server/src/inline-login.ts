/** What a client asks for beside authentication (XEP-0388 1.0.4): to resume a session (XEP-0198 §9.2), or to bind one (XEP-0386 1.1.0), and a token. */

import type { BareJid, FullJid } from '@tercet/jid'
import { StanzaError, StreamError } from '@tercet/stanza'
import * as bind2 from '@tercet/stanza/bind2'
import * as fast from '@tercet/stanza/fast'
import { failed, NS_SM, readH, type Granted, type Sasl2Login, type Stream, type StreamHandler } from '@tercet/stream'
import type { Element } from '@tercet/xml'
import { clientOf } from './clients.ts'
import type { Host } from './host.ts'
import { bindSession, resumeSession } from './lifecycle.ts'
import type { Session } from './session.ts'
import { newToken } from './token.ts'

/** Wire text of what can be asked for, in `<inline/>`. @param tokens mechanisms that there are tokens for */
export function inlineOffer(host: Host, tokens: readonly string[]): string {
  const names = host.inlineFeatures.filter(({ listed }) => listed !== false).map(({ ns }) => `<feature var='${ns}'/>`)
  const bind = `<bind xmlns='${bind2.NS}'><inline>${names.join('')}</inline></bind>`
  const mechanisms = tokens.map(name => `<mechanism>${name}</mechanism>`).join('')
  return `<sm xmlns='${NS_SM}'/>${bind}${mechanisms && `<fast xmlns='${fast.NS}'>${mechanisms}</fast>`}`
}

/** A stream that is authenticated, and what its client is told in the end. */
export interface Completion {
  readonly stream: Stream
  readonly lang: string
  /** Called once; what the stream sends then comes behind it. */
  readonly grant: (granted: Granted) => void
  /** A resource is bound. */
  readonly bound: (session: Session) => void
}

/**
 * Does what the client asks for, in the order of XEP-0386 §3.2: a session is resumed; failing that one is bound. Resolves to the session.
 *
 * @throws {StreamError} it cannot be done
 */
export async function completeLogin(
  host: Host,
  login: Sasl2Login,
  completion: Completion,
): Promise<StreamHandler | undefined> {
  const { account, request } = login
  const token = await tokenFor(host, login)
  const resumption = request.child('resume', NS_SM)
  const outcome = resumption ? await resume(host, login, { ...completion, resumption, token }) : ''
  if (typeof outcome !== 'string') return outcome
  const bind = request.child(bind2.bind.name, bind2.NS)
  if (bind) return bindInline(host, login, { ...completion, bind, before: outcome, behind: token })
  completion.grant({ jid: account, children: outcome + token, features: true })
  return undefined
}

/** Wire text of a token, if the client gets one. */
async function tokenFor(host: Host, { account, mechanism, token, userAgent, request }: Sasl2Login): Promise<string> {
  if (!host.clients || userAgent?.id === undefined) return ''
  const shown = request.child(fast.fast.name, fast.NS)
  const invalidate = shown?.attr('invalidate')
  return host.clients.loggedIn({
    account,
    clientId: userAgent.id,
    software: userAgent.software,
    device: userAgent.device,
    mechanism,
    token,
    wanted: request.child(fast.requestToken.name, fast.NS)?.attr('mechanism'),
    invalidate: token !== undefined && (invalidate === 'true' || invalidate === '1'),
  })
}

/** The session, or wire text of why there is none. */
async function resume(
  host: Host,
  { account }: Sasl2Login,
  { stream, grant, resumption, token }: Completion & { resumption: Element; token: string },
): Promise<StreamHandler | string> {
  const previd = resumption.attr('previd')
  const h = readH(resumption)
  if (previd === undefined || h === undefined) return failed('bad-request')
  const answer = (session: Session, text: string): void =>
    grant({ jid: session.jid, children: text + token, features: false })
  const outcome = await resumeSession(host, account, { previd, h, stream, answer })
  return 'handler' in outcome ? outcome.handler : failed('item-not-found', outcome.h)
}

interface Bind extends Completion {
  readonly bind: Element
  /** Wire text around `<bound/>`. */
  readonly before: string
  readonly behind: string
}

/** Binds a resource (XEP-0386 §3.2). What has waited for the account is the archive's to clear. */
async function bindInline(host: Host, { account, userAgent }: Sasl2Login, binding: Bind): Promise<StreamHandler> {
  const { stream, lang, bind, before, behind } = binding
  const id = userAgent?.id
  try {
    const { handler } = await bindSession(host, account, {
      wanted: resourceOf(account, bind.child('tag')?.text()),
      stream,
      lang,
      // §3.2: a client that comes back has given up what it had.
      replaces: session => id !== undefined && session.get(clientOf) === id,
      async bound(session) {
        if (id !== undefined) session.set(clientOf, id)
        const answers = await answersOf(host, session, bind)
        binding.bound(session)
        const children = `${before}<bound xmlns='${bind2.NS}'>${answers}</bound>${behind}`
        binding.grant({ jid: session.jid, children, features: true })
      },
    })
    return handler
  } catch (error) {
    // There is no answer that says no.
    if (!(error instanceof StanzaError)) throw error
    throw new StreamError('resource-constraint', { text: error.text ?? 'No resource can be bound', cause: error })
  }
}

/** What the features that take part have to say. */
async function answersOf(host: Host, session: Session, bind: Element): Promise<string> {
  let text = ''
  for (const feature of host.inlineFeatures) {
    const request = bind.elements().find(({ ns }) => ns === feature.ns)
    try {
      text += (await feature.bound(session, request, bind)) ?? ''
    } catch (error) {
      host.bug(error)
    }
  }
  return text
}

/** The longest tag that says something to people. */
const MAX_TAG = 64

/** §3.2.1: the client's tag, and something that nobody can guess. The identifier of the client is no part of it. */
function resourceOf(account: BareJid, tag: string | undefined): FullJid {
  const own = newToken(12)
  if (tag !== undefined && tag !== '' && tag.length <= MAX_TAG) {
    try {
      return account.withResource(`${tag}/${own}`)
    } catch {
      // It is no part of an address.
    }
  }
  return account.withResource(own)
}
