/** Which targets serve a domain, in the order to try them: SRV records (RFC 2782; RFC 6120 §3.2; XEP-0368 1.1.0 §3). */
import type { XmppService } from './certificate.ts'
import { TransportError } from './error.ts'
import type { Resolver, SrvRecord } from './resolve.ts'

/** A host and port to try. */
export interface Target {
  readonly host: string
  readonly port: number
  /** TLS from the first byte (`_xmpps-…`) rather than STARTTLS. */
  readonly directTls: boolean
}

/** One step of an attempt to reach a domain, told as a person would. */
export interface DialStep {
  readonly step: 'records' | 'addresses' | 'connect' | 'tls'
  /** False: this way is barred; the attempt may still get there on another one. */
  readonly ok: boolean
  /** A sentence without its full stop. */
  readonly text: string
}

const defaultPort: Readonly<Record<XmppService, number>> = { 'xmpp-client': 5222, 'xmpp-server': 5269 }

/** Options of {@link targets}. */
export interface TargetOptions {
  /** Uniform in [0, 1), for the choice by weight. Default `Math.random`. */
  readonly random?: () => number
  readonly signal?: AbortSignal | undefined
  /** Told what the records say. */
  readonly trace?: ((step: DialStep) => void) | undefined
}

/**
 * The targets of `domain`, best first. Records for STARTTLS and for direct TLS are mixed by priority and weight. A
 * domain without records is its own target on the service's port; one that answered is never its own target
 * (RFC 6120 §3.2.1). A name server that fails counts as no answer.
 *
 * @throws {TransportError} `service-absent`: the records say that there is no such service (target `.`) · `aborted`
 */
export async function targets(
  resolver: Resolver,
  domain: string,
  service: XmppService,
  options: TargetOptions = {},
): Promise<Target[]> {
  const { random = Math.random, signal, trace } = options
  const secure = service === 'xmpp-client' ? 'xmpps-client' : 'xmpps-server'
  const answers = await Promise.allSettled([
    resolver.srv(`_${service}._tcp.${domain}`, { signal }),
    resolver.srv(`_${secure}._tcp.${domain}`, { signal }),
  ])
  if (signal?.aborted === true) throw new TransportError('aborted', 'Given up by the caller', { cause: signal.reason })
  const candidates = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.map(record => ({ ...record, directTls: index === 1 })) : [],
  )
  if (trace !== undefined) tell(trace, domain, service, answers)
  if (candidates.length === 0) return [{ host: domain, port: defaultPort[service], directTls: false }]
  const present = candidates.filter(({ host }) => host !== '' && host !== '.')
  if (present.length === 0)
    throw new TransportError('service-absent', `${domain} says that it has no ${service} service`)
  return order(present, random).map(({ host, port, directTls }) => ({ host, port, directTls }))
}

function tell(
  trace: (step: DialStep) => void,
  domain: string,
  service: XmppService,
  answers: readonly PromiseSettledResult<readonly SrvRecord[]>[],
): void {
  const names = [`_${service}._tcp.${domain}`, `_${service.replace('xmpp', 'xmpps')}._tcp.${domain}`]
  for (const [index, answer] of answers.entries()) {
    const name = names[index]!
    if (answer.status === 'rejected')
      trace({ step: 'records', ok: false, text: `The name servers do not answer for SRV ${name}` })
    else if (answer.value.length === 0) trace({ step: 'records', ok: true, text: `SRV ${name}: none` })
    else {
      const records = answer.value.map(it => `${it.priority} ${it.weight} ${it.port} ${it.host || '.'}`).join(', ')
      trace({ step: 'records', ok: true, text: `SRV ${name}: ${records}` })
    }
  }
}

/** Orders records by priority and, within one, draws them by weight (RFC 2782, "Weight"). */
export function order<R extends SrvRecord>(records: readonly R[], random: () => number = Math.random): R[] {
  const byPriority = Map.groupBy(records, record => record.priority)
  return [...byPriority.entries()].sort(([a], [b]) => a - b).flatMap(([, group]) => draw(group, random))
}

function draw<R extends SrvRecord>(group: readonly R[], random: () => number): R[] {
  // Weight 0 stands first, so that it has its very small chance.
  const left = [...group].sort((a, b) => Number(a.weight !== 0) - Number(b.weight !== 0))
  const drawn: R[] = []
  while (left.length > 0) {
    const total = left.reduce((sum, record) => sum + record.weight, 0)
    const mark = Math.floor(random() * (total + 1))
    let sum = 0
    const index = left.findIndex(record => (sum += record.weight) >= mark)
    drawn.push(...left.splice(Math.max(index, 0), 1))
  }
  return drawn
}
