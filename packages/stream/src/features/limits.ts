/** Stream limits (XEP-0478 §3), advertised. */

import type { ReceiverFeature, ReceiverHost } from '../receiver.ts'

/** What the limits of a host's streams are. */
export interface LimitsHost extends ReceiverHost {
  /** Bytes of one first-level element. */
  readonly maxStanzaBytes: number
  /** Seconds of silence after which a stream is checked or closed; undefined: never. */
  readonly idleSeconds: number | undefined
}

/** Tells a peer how much it may send. */
export const limits: ReceiverFeature<LimitsHost> = {
  name: 'limits',
  advertise({ host }) {
    const idle = host.idleSeconds === undefined ? '' : `<idle-seconds>${host.idleSeconds}</idle-seconds>`
    return `<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>${host.maxStanzaBytes}</max-bytes>${idle}</limits>`
  },
  accepts: () => false,
  negotiate: () => 'continue',
}
