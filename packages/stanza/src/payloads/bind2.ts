// XEP-0386 1.1.0: binding within authentication.
import { element, elementOf } from '../codec.ts'
import { attr, child, elements, text } from '../fields.ts'

/** Namespace of Bind 2. */
export const NS = 'urn:xmpp:bind:0'

/** Inline feature of SASL2, with the names of what can be asked for while binding (§3.1). */
export const feature = element(NS, 'bind', {
  inline: child(elementOf(NS, 'inline', child(elementOf(NS, 'feature', attr('var'))).many)).or([]),
})

/** Asks for a resource; what else is wanted are children of other namespaces (§3.2). */
export const bind = element(NS, 'bind', { tag: text('tag').optional })

/** A resource was bound; the children are what others have to say about it (§3.2). */
export const bound = elementOf(NS, 'bound', elements())
