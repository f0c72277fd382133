// XMPP addresses (RFC 7622): immutable values in enforced form, equal when their text is equal.

import { GenerationCache } from './cache.ts'
import { prepareDomain } from './domain.ts'
import { JidError } from './error.ts'
import { prepareLocal, prepareResource } from './prepare.ts'

/** An address with or without a resource. */
export type Jid = BareJid | FullJid

// Set by the classes themselves: nobody else makes an address of parts that were not enforced.
let makeBare: (local: string, domain: string, text: string) => BareJid
let makeFull: (bare: BareJid, resource: string, text: string) => FullJid

/** An address without a resource: `local@domain`, or a domain alone. */
export class BareJid {
  /** The whole address, enforced; compare and key on this. */
  readonly text: string
  /** `''` when absent. */
  readonly local: string
  readonly domain: string
  readonly resource = ''

  private constructor(local: string, domain: string, text: string) {
    this.text = text
    this.local = local
    this.domain = domain
  }

  static {
    makeBare = (local, domain, text) => new BareJid(local, domain, text)
  }

  /** Itself. */
  get bare(): this {
    return this
  }

  /**
   * The address of `resource` at this one.
   *
   * @throws {JidError} `empty-resource`, `too-long`, or `resource-invalid`
   */
  withResource(resource: string): FullJid {
    return withPrepared(this, prepareResource(detach(resource)))
  }

  toString(): string {
    return this.text
  }

  /**
   * Reads an address that must have no resource.
   *
   * @throws {JidError} also `resource-invalid` when there is one
   */
  static parse(text: string): BareJid {
    const jid = parse(text)
    if (isFull(jid)) throw new JidError('resource-invalid', 'resource')
    return jid
  }

  /**
   * The address of `local` at `domain`, both enforced; `''` as local is none.
   *
   * @throws {JidError}
   */
  static of(local: string, domain: string): BareJid {
    return ofPrepared(local === '' ? '' : prepareLocal(detach(local)), prepareDomain(detach(domain)))
  }
}

/** An address with a resource: `local@domain/resource`, or `domain/resource`. */
export class FullJid {
  /** The whole address, enforced; compare and key on this. */
  readonly text: string
  /** `''` when absent. */
  readonly local: string
  readonly domain: string
  readonly resource: string
  /** The same address without its resource. */
  readonly bare: BareJid
  // Never there at run time: without it a BareJid would pass for a FullJid, since it has all the members.
  declare protected readonly full: true

  private constructor(bare: BareJid, resource: string, text: string) {
    this.text = text
    this.local = bare.local
    this.domain = bare.domain
    this.resource = resource
    this.bare = bare
  }

  static {
    makeFull = (bare, resource, text) => new FullJid(bare, resource, text)
  }

  toString(): string {
    return this.text
  }

  /**
   * Reads an address that must have a resource.
   *
   * @throws {JidError} also `empty-resource` when there is none
   */
  static parse(text: string): FullJid {
    const jid = parse(text)
    if (!isFull(jid)) throw new JidError('empty-resource', 'resource')
    return jid
  }
}

/** Reads, makes and compares addresses of both kinds. */
export const Jid = {
  /**
   * Reads an address in any spelling and enforces it. Recurring texts are looked up, not parsed.
   *
   * @throws {JidError} and nothing else
   * @see RFC 7622 §3
   */
  parse,

  /**
   * Makes an address of its parts, each enforced; `''` is the same as absent.
   *
   * @throws {JidError}
   */
  from(parts: { readonly local?: string; readonly domain: string; readonly resource?: string }): Jid {
    const bare = BareJid.of(parts.local ?? '', parts.domain)
    return parts.resource === undefined || parts.resource === '' ? bare : bare.withResource(parts.resource)
  },

  /** Whether both are the same address, or both absent (RFC 7622 §4: code point by code point in enforced form). */
  equal(a: Jid | undefined, b: Jid | undefined): boolean {
    return a?.text === b?.text
  },
}

/** Whether `jid` has a resource. */
export function isFull(jid: Jid): jid is FullJid {
  return jid.resource !== ''
}

const GENERATION_SIZE = 8_192
const MAX_CACHED_LENGTH = 256

/** Raw and enforced texts of addresses seen lately. A text without `/` always leads to a BareJid. */
const addresses = /* @__PURE__ */ new GenerationCache<Jid>(GENERATION_SIZE)

function parse(text: string): Jid {
  return addresses.get(text) ?? parseNew(text)
}

function parseNew(shared: string): Jid {
  if (shared === '') throw new JidError('empty')
  const text = detach(shared)
  // §3.2: the resource begins behind the first slash, whatever is in it.
  const slash = text.indexOf('/')
  if (slash < 0) return parseBare(text)
  const bareText = text.slice(0, slash)
  const known = addresses.get(bareText)
  const bare = known !== undefined && !isFull(known) ? known : parseBare(bareText)
  const rawResource = text.slice(slash + 1)
  const resource = prepareResource(rawResource)
  if (bare.text === bareText && resource === rawResource) return remember(text, makeFull(bare, resource, text))
  return remember(text, withPrepared(bare, resource))
}

function parseBare(text: string): BareJid {
  const at = text.indexOf('@')
  const rawLocal = at < 0 ? '' : text.slice(0, at)
  const rawDomain = text.slice(at + 1)
  const local = at < 0 ? '' : prepareLocal(rawLocal)
  const domain = at < 0 ? prepareDomain(rawDomain) : domainOf(rawDomain)
  if (local === rawLocal && domain === rawDomain) return remember(text, makeBare(local, domain, text))
  return remember(text, ofPrepared(local, domain))
}

/** The enforced domain, through the address that it is by itself: few domains recur in many addresses. */
function domainOf(raw: string): string {
  const known = addresses.get(raw)
  if (known !== undefined && known.text === known.domain) return known.domain
  const domain = prepareDomain(raw)
  remember(raw, ofPrepared('', domain))
  return domain
}

/** The address of enforced parts: the one of the cache, or a new one. */
function ofPrepared(local: string, domain: string): BareJid {
  const text = local === '' ? domain : `${local}@${domain}`
  const known = addresses.get(text)
  return known !== undefined && !isFull(known) ? known : remember(text, makeBare(local, domain, text))
}

function withPrepared(bare: BareJid, resource: string): FullJid {
  const text = `${bare.text}/${resource}`
  const known = addresses.get(text)
  return known !== undefined && isFull(known) ? known : remember(text, makeFull(bare, resource, text))
}

function remember<T extends Jid>(key: string, jid: T): T {
  if (key.length <= MAX_CACHED_LENGTH && jid.text.length <= MAX_CACHED_LENGTH) addresses.set(key, jid)
  return jid
}

/** A copy that shares no memory: a slice would keep the whole chunk of the stream alive for as long as the cache does. */
function detach(text: string): string {
  return ` ${text}`.slice(1)
}
