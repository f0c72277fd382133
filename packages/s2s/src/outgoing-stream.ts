/** What the steps towards another server share while a stream is negotiated. */

import { StreamError } from '@tercet/stanza'
import type { Pull, Stream } from '@tercet/stream'
import type { Content, Fragment } from '@tercet/xml'
import type { Pair } from './dialback.ts'
import type { Gateway } from './gateway.ts'
import type { Dialled, DialStep, Verdict } from './ports.ts'
import type { Lost } from './resumption.ts'

/** One step of an attempt, in words for people. */
export interface Step {
  readonly step: DialStep['step'] | 'stream' | 'certificate' | 'features' | 'proof' | 'ready' | 'ping'
  /** False: it is an obstacle, though not always the end. */
  readonly ok: boolean
  /** A sentence without its full stop. */
  readonly text: string
}

/** What an attempt is for. */
export interface Attempt extends Pair {
  readonly signal: AbortSignal
  /** Hears of each step. */
  readonly trace?: ((step: Step) => void) | undefined
  /** A stream of this pair whose connection was lost, to be taken up again. */
  readonly lost?: Lost | undefined
}

/** Elements that may come before a stream is ready. */
const MAX_EARLY = 20_000
const MAX_EARLY_CHARACTERS = 16 * 1024 * 1024

/** What came before a stream was ready: a peer that uses both directions sends all that waits there as soon as it is proven who it talks to. */
export interface Early {
  readonly elements: Fragment[]
  characters: number
}

/** A stream that is being negotiated. */
export interface Outgoing extends Attempt {
  readonly gateway: Gateway
  readonly stream: Stream
  readonly pull: Pull
  readonly early: Early
  /** See {@link Dialled}. */
  readonly delegate: Dialled['delegate']
}

/** A stream whose features are known and that is encrypted as the policy wants. */
export interface Opened extends Outgoing {
  readonly features: Content
  readonly verdict: Verdict | undefined
}

/** Takes elements until one is the answer; what else comes is for the stream when it is ready. */
export async function answer({ pull, early }: Outgoing, test: (element: Fragment) => boolean): Promise<Fragment> {
  for (;;) {
    const element = await pull.element()
    if (test(element)) return element
    early.elements.push(element)
    early.characters += element.content.text.length
    if (early.elements.length > MAX_EARLY || early.characters > MAX_EARLY_CHARACTERS)
      throw new StreamError('policy-violation', { text: 'Answer before you send so much' })
  }
}

/** Whether a feature is offered. */
export function has(features: Content, name: string, ns: string): boolean {
  return features.find(name, ns) >= 0
}

/** A feature; one that cannot be read is as good as none. */
export function read<T>(
  features: Content,
  codec: { ns: string; name: string; read(element: ReturnType<Content['elementAt']>): T },
): T | undefined {
  const at = features.find(codec.name, codec.ns)
  if (at < 0) return undefined
  try {
    return codec.read(features.elementAt(at))
  } catch {
    return undefined
  }
}
