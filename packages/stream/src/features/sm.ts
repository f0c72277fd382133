/** Stream management before binding (XEP-0198 1.6.3 §§3, 5), receiving side: resumption, and the refusal to enable too early. */

import type { BareJid } from '@tercet/jid'
import { StreamError } from '@tercet/stanza'
import type { Fragment } from '@tercet/xml'
import type { Negotiation, ReceiverFeature, ReceiverHost } from '../receiver.ts'
import type { Stream, StreamHandler } from '../stream.ts'

/** Namespace of stream management. */
export const NS_SM = 'urn:xmpp:sm:3'

/** What resumption asks of a host. */
export interface ResumeHost extends ReceiverHost {
  /**
   * Moves the session that `previd` names to this stream: answers `<resumed/>`, sends again what `h` does not cover, then what came
   * since. When there is no such session of `account`: the last durable count of it, if that is known.
   *
   * @throws {StreamError} `h` is higher than what was sent
   */
  resume(
    negotiation: Negotiation<this>,
    account: BareJid,
    previd: string,
    h: number,
  ): Resumed | NotResumed | Promise<Resumed | NotResumed>
}

/** The session goes on. */
export interface Resumed {
  readonly handler: StreamHandler
}

/** There is no such session (any more). */
export interface NotResumed {
  /** Stanzas of it that were handled for certain. */
  readonly h: number | undefined
}

/** Offers stream management to an authenticated stream, and resumes. */
export const sm: ReceiverFeature<ResumeHost> = {
  name: 'sm',
  advertise: ({ account, managed }) => (account && !managed ? `<sm xmlns='${NS_SM}'/>` : undefined),
  accepts: element => element.ns === NS_SM,
  async negotiate(negotiation, element) {
    const { stream, account, host } = negotiation
    if (element.name !== 'resume' && element.name !== 'enable') {
      throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
    }
    // §3: enabling needs a bound resource, resuming an authenticated stream.
    if (!account || element.name === 'enable') return refuse(stream, 'unexpected-request', undefined)
    const previd = element.attr('previd')
    const h = readH(element)
    if (previd === undefined || h === undefined) return refuse(stream, 'bad-request', undefined)
    const outcome = await host.resume(negotiation, account, previd, h)
    if ('handler' in outcome) return outcome.handler
    return refuse(stream, 'item-not-found', outcome.h)
  },
}

/** The `h` of an element: a 32-bit unsigned integer; undefined when missing or malformed. */
export function readH(element: Pick<Fragment, 'attr'>): number | undefined {
  const text = element.attr('h')
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const h = Number(text)
  return h < 2 ** 32 ? h : undefined
}

function refuse(stream: Stream, condition: string, h: number | undefined): 'continue' {
  stream.send(failed(condition, h))
  return 'continue'
}

/** `<failed/>` with a stanza error condition (§3, §5). */
export function failed(condition: string, h?: number): string {
  const known = h === undefined ? '' : ` h='${h}'`
  return `<failed xmlns='${NS_SM}'${known}><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`
}
