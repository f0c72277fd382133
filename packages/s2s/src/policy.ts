/** With whom we talk, and what we ask of them. */

import { StanzaError } from '@tercet/stanza'

/** How another domain has to prove itself: by a certificate, or by dialback too (XEP-0220). */
export type Authentication = 'certificate' | 'dialback'

/** What holds for one domain. */
export interface DomainRule {
  /** Nothing but encrypted streams, both ways. */
  readonly requireTls: boolean
  readonly authentication: Authentication
  /** Stanzas that we take from it in a second, all its streams together; what comes above waits. */
  readonly stanzasPerSecond: number
}

/** All of it; every member has a default. */
export interface PolicyOptions {
  /** `open`: everybody; `allow`: those in `domains`; `deny`: all but those; `off`: nobody. Default `open`. */
  readonly federation?: 'off' | 'open' | 'allow' | 'deny'
  /** Prepared domains; `*.example.org` stands for all below it. */
  readonly domains?: readonly string[]
  /** Default: TLS is required, dialback is enough, and 10,000 stanzas a second. */
  readonly rule?: Partial<DomainRule>
  /** What differs for some domains. */
  readonly rules?: ReadonlyMap<string, Partial<DomainRule>>
}

const defaultRule: DomainRule = { requireTls: true, authentication: 'dialback', stanzasPerSecond: 10_000 }

/** The policy of a gateway. */
export class Policy {
  readonly #federation: NonNullable<PolicyOptions['federation']>
  readonly #domains: ReadonlySet<string>
  readonly #rule: DomainRule
  readonly #rules: ReadonlyMap<string, DomainRule>

  constructor({ federation = 'open', domains = [], rule, rules = new Map() }: PolicyOptions = {}) {
    this.#federation = federation
    this.#domains = new Set(domains)
    this.#rule = { ...defaultRule, ...rule }
    this.#rules = new Map([...rules].map(([domain, rule]) => [domain, { ...this.#rule, ...rule }]))
  }

  /** Whether we talk to `domain` at all. */
  allows(domain: string): boolean {
    switch (this.#federation) {
      case 'off':
        return false
      case 'open':
        return true
      case 'allow':
        return this.#lists(domain)
      case 'deny':
        return !this.#lists(domain)
    }
  }

  /** What holds for `domain`. */
  rule(domain: string): DomainRule {
    return this.#rules.get(domain) ?? this.#rule
  }

  #lists(domain: string): boolean {
    if (this.#domains.has(domain)) return true
    for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1))
      if (this.#domains.has('*' + domain.slice(dot))) return true
    return false
  }
}

/** What a sender hears when we do not talk to a domain. */
export function notAllowed(domain: string): StanzaError {
  return new StanzaError('not-allowed', { text: `This server does not talk to ${domain}` })
}
