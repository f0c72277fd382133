/** Resources of contacts on other servers, as far as they share their presence with an account here. */

import type { BareJid, FullJid } from '@tercet/jid'
import type { Features } from './known.ts'

/** A contact's resource. */
export interface Resource {
  readonly jid: FullJid
  /** Text of the claim that it made last. */
  claim: string
  /** Undefined: not known yet. */
  features: Features | undefined
  /** Accounts that have its presence, as text: it counts while there is one. */
  readonly seenBy: Set<string>
}

/** All of them, the longest unheard of which are forgotten: a server that is gone says good-bye for nobody. */
export class Resources {
  readonly #max: number
  readonly #byBare = new Map<string, Map<string, Resource>>()
  readonly #order = new Map<string, Resource>()

  constructor(max: number) {
    this.#max = max
  }

  get(jid: FullJid): Resource | undefined {
    return this.#order.get(jid.text)
  }

  /** The resources of a contact whose presence `account` has. */
  *of(contact: BareJid, account: BareJid): Iterable<Resource> {
    const resources = this.#byBare.get(contact.text)
    if (resources) for (const resource of resources.values()) if (resource.seenBy.has(account.text)) yield resource
  }

  /** `account` has heard `claim` from the resource. */
  heard(jid: FullJid, claim: string, account: BareJid): Resource {
    let resource = this.#order.get(jid.text)
    if (resource) {
      this.#order.delete(jid.text)
      if (resource.claim !== claim) resource.features = undefined
      resource.claim = claim
    } else {
      resource = { jid, claim, features: undefined, seenBy: new Set() }
      const siblings = this.#byBare.get(jid.bare.text)
      if (siblings) siblings.set(jid.resource, resource)
      else this.#byBare.set(jid.bare.text, new Map([[jid.resource, resource]]))
    }
    this.#order.set(jid.text, resource)
    resource.seenBy.add(account.text)
    for (const oldest of this.#order.values()) {
      if (this.#order.size <= this.#max) break
      this.#forget(oldest)
    }
    return resource
  }

  /** The resource has taken its presence back, or cannot be reached. */
  gone(jid: FullJid, account: BareJid): void {
    const resource = this.#order.get(jid.text)
    if (!resource) return
    resource.seenBy.delete(account.text)
    if (resource.seenBy.size === 0) this.#forget(resource)
  }

  get size(): number {
    return this.#order.size
  }

  #forget({ jid }: Resource): void {
    this.#order.delete(jid.text)
    const siblings = this.#byBare.get(jid.bare.text)
    siblings?.delete(jid.resource)
    if (siblings?.size === 0) this.#byBare.delete(jid.bare.text)
  }
}
