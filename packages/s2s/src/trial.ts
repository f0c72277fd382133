/** A trial for an operator: reaches another domain, asks whether it is there, and leaves. */

import type { Pair } from './dialback.ts'
import type { Gateway } from './gateway.ts'
import { openLink } from './outgoing.ts'
import type { Step } from './outgoing-stream.ts'

/** Makes a stream of its own, which no stanza is sent on. @throws what the attempt failed of */
export async function tryToReach(gateway: Gateway, { from, to }: Pair, trace: (step: Step) => void): Promise<void> {
  const { pings, wheel, limits } = gateway
  const link = await openLink(gateway, { from, to, signal: gateway.within(), trace })
  try {
    await new Promise<void>((resolve, reject) => {
      const id = pings.add(from, to, () => resolve())
      trace({ step: 'ping', ok: true, text: `A ping asks ${to} whether it is there` })
      link.stream.send(`<iq type='get' from='${from}' to='${to}' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`)
      const late = { due: () => (pings.remove(id), reject(new Error(`${to} did not answer the ping`)), 0) }
      wheel.add(late, wheel.now + limits.answerMs)
    })
    trace({ step: 'ping', ok: true, text: `${to} answered` })
  } finally {
    link.stream.close()
  }
}
