/** Entity capabilities (XEP-0115 1.6.0, XEP-0390 0.3.2): what the host can do, and what those can do who come here. */

import * as legacy from '@tercet/stanza/caps'
import * as ecaps2 from '@tercet/stanza/ecaps2'
import { write } from '@tercet/xml'
import { z } from 'zod'
import type { Host } from '../../host.ts'
import { defineModule } from '../../module.ts'
import { inbound, outbound } from '../../points.ts'
import { discovery, type Disco } from '../disco.ts'
import { rosters } from '../roster.ts'
import { capabilities, Capabilities } from './capabilities.ts'
import { capsHash, ecaps2Hash } from './hash.ts'
import { KnownCaps } from './known.ts'
import { Questions } from './questions.ts'

export { capabilities, type Capabilities } from './capabilities.ts'
export { capsHash } from './hash.ts'
export type { Features } from './known.ts'
export { capsKnown } from './points.ts'

const options = z.strictObject({
  known: z.int().min(1).default(2000).describe('Answers that are remembered, each for all who have the same software.'),
  resources: z.int().min(0).default(100_000).describe('Resources of contacts on other servers that are remembered.'),
  answer_seconds: z.number().positive().default(30).describe('How long a client has to say what it can do.'),
  open: z.int().min(1).default(1000).describe('Clients that are asked at once.'),
  features: z.int().min(1).default(500).describe('Features that a client may have; more are not listened to.'),
})

/** Names the host's capabilities on authenticated streams, and learns those of clients. */
export const caps = defineModule({
  name: 'caps',
  specs: { 'XEP-0115': '1.6.0', 'XEP-0390': '0.3.2' },
  features: [legacy.NS, ecaps2.NS],
  options,
  needs: [discovery, rosters],
  provides: capabilities,
  setup(host, disco, rosters, options) {
    nameOwn(host, disco)
    const known = new KnownCaps(host, options.known)
    void known.load().catch(host.bug)
    const questions = new Questions(host, known, {
      answerMs: options.answer_seconds * 1000,
      maxOpen: options.open,
      maxFeatures: options.features,
    })
    const service = new Capabilities(host, rosters, known, questions, options.resources)
    // Behind rewrites: it counts what the presence says in the end.
    host.onKind('presence', outbound, 'copy', event => service.sent(event))
    host.onKind('presence', inbound, 'copy', event => service.received(event))
    host.onKind('iq', inbound, 'copy', ({ account, stanza }) => {
      if (stanza.type !== 'result' && stanza.type !== 'error') return
      return questions.answered(account, stanza) ? 'handled' : undefined
    })
    return service
  },
})

/** What the host can do is named on its streams, and answered for the nodes that are named there (XEP-0115 §6.3, XEP-0390 §6.2). */
function nameOwn(host: Host, disco: Disco): void {
  // §4: a URI that is ours to give; what the host can do is in the hash, and nobody decides by the rest.
  const node = `xmpp:${host.domain}`
  let own = namesOf(node, disco)
  // Each login asks, and modules may have added to what the host can do meanwhile.
  const names = (): Names => (own.size === disco.size ? own : (own = namesOf(node, disco)))
  host.receiverFeatures.push({
    name: 'caps',
    advertise: ({ account }) => (account ? names().text : undefined),
    accepts: () => false,
    negotiate: () => 'continue',
  })
  disco.nodes({
    info: asked => (names().nodes.includes(asked) ? disco.info('server') : undefined),
    items: () => undefined,
  })
}

/** What names a state of the host's capabilities: wire text of the features, and the nodes that are asked about. */
interface Names {
  readonly size: number
  readonly text: string
  readonly nodes: readonly string[]
}

function namesOf(node: string, disco: Disco): Names {
  const info = disco.info('server')
  const ver = capsHash(info)
  const value = ecaps2Hash(info)
  const older = ver === undefined ? '' : write(legacy.feature.write({ hash: 'sha-1', node, ver }))
  const newer = value === undefined ? '' : write(ecaps2.feature.write({ hashes: [{ algo: 'sha-256', value }] }))
  const nodes = [`${node}#${ver ?? ''}`, ecaps2.nodeOf('sha-256', value ?? '')]
  return { size: disco.size, text: older + newer, nodes }
}
