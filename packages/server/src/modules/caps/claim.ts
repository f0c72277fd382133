/** What a presence claims about the features of its sender (XEP-0115 §4, XEP-0390 §4.1). */

import { DecodeError, type Presence } from '@tercet/stanza'
import * as legacy from '@tercet/stanza/caps'
import type { DiscoInfo } from '@tercet/stanza/disco'
import * as ecaps2 from '@tercet/stanza/ecaps2'
import { capsHash, ecaps2Hash, isKnown } from './hash.ts'

/** A claim: where to ask for the answer, and what its hash has to be. */
export interface Claim {
  /** As it stands in the presence: another text is another claim. */
  readonly text: string
  /** The node to ask for. */
  readonly node: string
  /**
   * Names the answer, for everybody who claims the same. Undefined: nothing proves it (a form of before 2007, or a function that we
   * don't know), so that it is believed of its sender alone (XEP-0115 §5.4).
   */
  readonly key: string | undefined
  /** Whether an answer is the one that was claimed. */
  proves(info: DiscoInfo): boolean
}

const MAX_NODE = 1023
const MAX_HASH = 128

/** Index of the claim in a presence; -1: it makes none. The newer form counts where there are both. */
export function findClaim({ content }: Presence): number {
  const newer = content.find('c', ecaps2.NS)
  return newer >= 0 ? newer : content.find('c', legacy.NS)
}

/** Reads the claim at `index`; undefined where it is malformed. */
export function readClaim(presence: Presence, index: number): Claim | undefined {
  const { content } = presence
  const text = content.textAt(index)
  try {
    if (content.nsAt(index) === legacy.NS) return legacyClaim(text, legacy.caps.read(content.elementAt(index)))
    const { hashes } = ecaps2.caps.read(content.elementAt(index))
    const hash = hashes.find(({ algo, value }) => isKnown(algo, 'ecaps2') && value.length <= MAX_HASH)
    if (hash) return newerClaim(text, hash.algo, hash.value)
    // Functions that we don't know: the older form may stand beside them.
    const older = content.find('c', legacy.NS)
    return older < 0 ? undefined : legacyClaim(text, legacy.caps.read(content.elementAt(older)))
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function newerClaim(text: string, algo: string, value: string): Claim {
  return {
    text,
    node: ecaps2.nodeOf(algo, value),
    key: `2 ${algo} ${value}`,
    proves: info => ecaps2Hash(info, algo) === value,
  }
}

function legacyClaim(
  text: string,
  { node, ver, hash }: { node: string; ver: string; hash?: string | undefined },
): Claim | undefined {
  if (node.length > MAX_NODE || ver.length > MAX_HASH) return undefined
  const provable = hash !== undefined && isKnown(hash, 'legacy')
  return {
    text,
    node: `${node}#${ver}`,
    key: provable ? `1 ${hash} ${ver}` : undefined,
    proves: info => provable && capsHash(info, hash) === ver,
  }
}
