/** Client state indication (XEP-0352 1.0.0): while nobody looks at a client, what can wait for it does. */

import { StreamError } from '@tercet/stanza'
import { NS } from '@tercet/stanza/csi'
import type { Fragment } from '@tercet/xml'
import { z } from 'zod'
import { HeldBack, type HeldLimits } from '../held-back.ts'
import { defineModule } from '../module.ts'
import { departing, sessionResumed } from '../points.ts'
import type { Session } from '../session.ts'
import { urgency } from './urgency.ts'

/** Holds back what is not urgent for clients that are inactive. The state is told to nobody (§6), and has nothing to do with presence (§4.2). */
export const csi = defineModule({
  name: 'csi',
  specs: { 'XEP-0352': '1.0.0' },
  options: z.strictObject({
    queue_stanzas: z.int().min(1).max(10_000).default(256).describe('Stanzas that wait for an inactive client'),
    queue_characters: z
      .int()
      .min(1)
      .max(1_048_576)
      .default(65_536)
      .describe('Their characters; beyond either all of them are sent'),
  }),
  setup(host, { queue_stanzas, queue_characters }) {
    const limits: HeldLimits = { stanzas: queue_stanzas, characters: queue_characters }
    host.streamFeature(`<csi xmlns='${NS}'/>`)
    host.handleNonza(NS, (session, element) => hear(session, element, limits))
    // XEP-0386 §3.2: a client may begin as one that nobody looks at.
    host.inlineFeature({
      ns: NS,
      bound: (session, request) => {
        if (request?.name === 'inactive') setInactive(session, limits)
        return undefined
      },
    })
    host.on(departing, 'hold', event => {
      const found = urgency(event.stanza, event.session.account.jid)
      if (found.kind === 'waits') event.key = found.key
      // A message says that its author has stopped to write it.
      else if (found.unless !== undefined) event.session.outgoing.forget(found.unless)
    })
    // §5.2: a resumed stream begins active, whatever was before.
    host.on(sessionResumed, 'run', ({ session }) => session.outgoing.letGo())
  },
})

function hear(session: Session, element: Fragment, limits: HeldLimits): void {
  switch (element.name) {
    case 'active':
      return session.outgoing.letGo()
    case 'inactive':
      return setInactive(session, limits)
    default:
      throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }
}

function setInactive({ outgoing }: Session, limits: HeldLimits): void {
  if (!outgoing.holding) outgoing.holdBack(new HeldBack(limits))
}
