/** What is agreed when a BOSH session is created (XEP-0124 §7.2). */
import type { Endpoint } from '@tercet/stream'

/** The terms of one session. Times in seconds. */
export interface BoshTerms {
  readonly sid: string
  readonly wait: number
  /** Requests that are kept waiting, 0 or 1. */
  readonly hold: number
  readonly inactivity: number
  readonly maxPause: number
  /** §12: the least time between empty requests of a client that polls. */
  readonly polling: number
  readonly version: string
  /** §9: acknowledgements were asked for. */
  readonly acks: boolean
  readonly remote: Endpoint
  readonly encrypted: boolean
  /** §7.1: the type of the responses that the client asked for. */
  readonly content: string | undefined
}

/** Attributes of the answer to the first request, flat. */
export function greetingOf(terms: BoshTerms, rid: number): string[] {
  const { sid, wait, hold, inactivity, maxPause, polling, version, acks } = terms
  return [
    ['sid', sid],
    ['wait', String(wait)],
    ['hold', String(hold)],
    ['requests', String(hold + 1)],
    ['inactivity', String(inactivity)],
    ['polling', String(polling)],
    ['maxpause', String(maxPause)],
    ['ver', version],
    ['xmpp:version', '1.0'],
    ['xmpp:restartlogic', 'true'],
    ...(acks ? [['ack', String(rid)]] : []),
  ].flat()
}
