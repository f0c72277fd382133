/** Stream management (XEP-0198 1.6.3 §§3, 5), initiating side: resuming before binding, enabling after it. */

import { StreamError } from '@tercet/stanza'
import { enable, enabled, failed, feature, NS, resume, resumed } from '@tercet/stanza/sm'
import { write, type Content } from '@tercet/xml'
import { answer, offered, type Initiation } from '../initiation.ts'

/** Stream management is enabled. */
export interface Managed {
  /** Names the session for resumption; undefined: it cannot be resumed. */
  readonly id: string | undefined
  /** How long it can be resumed, in seconds, if the server says so. */
  readonly maxSeconds: number | undefined
}

/** Resumes the session of `options.resume`; undefined when there is none, or the server cannot. */
export async function resumeManagement(
  initiation: Initiation,
  features: Content,
): Promise<{ kind: 'resumed'; h: number } | { kind: 'lost'; h: number | undefined } | undefined> {
  const { stream, options } = initiation
  if (options.resume === undefined) return undefined
  if (offered(features, feature) === undefined) return { kind: 'lost', h: undefined }
  const { previd } = options.resume
  stream.send(write(resume.write({ previd, h: options.resume.h() })))
  const element = await answer(initiation, ({ ns }) => ns === NS)
  if (element.name === 'resumed') return { kind: 'resumed', h: resumed.read(element.toElement()).h }
  if (element.name === 'failed') return { kind: 'lost', h: failed.read(element.toElement()).h }
  throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
}

/** Enables stream management where it is offered; undefined: the server has none, or refuses. */
export async function enableManagement(initiation: Initiation, features: Content): Promise<Managed | undefined> {
  if (offered(features, feature) === undefined) return undefined
  initiation.stream.send(write(enable.write({ resume: true })))
  const element = await answer(initiation, ({ ns }) => ns === NS)
  if (element.name === 'failed') return undefined
  if (element.name !== 'enabled') {
    throw new StreamError('unsupported-stanza-type', { text: `${element.name} is not expected here` })
  }
  const { id, resume, max } = enabled.read(element.toElement())
  return { id: resume ? id : undefined, maxSeconds: max }
}
