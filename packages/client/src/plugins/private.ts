/** Private XML storage (XEP-0049 1.2): what our clients keep on the server for each other. */

import * as wire from '@tercet/stanza/private'
import { Element } from '@tercet/xml'
import type { Abortable } from '../client.ts'
import { definePlugin } from '../plugin.ts'

/** What the plugin for private storage offers. */
export interface PrivateData {
  /** What is stored under a name and a namespace; none if nothing is. */
  get(name: string, ns: string, options?: Abortable): Promise<readonly Element[]>
  /** Stores an element in place of what had its name and namespace; one without content forgets it. */
  set(element: Element, options?: Abortable): Promise<void>
}

/** Reads and writes private storage. */
export const privateData = definePlugin({
  name: 'private',
  specs: { 'XEP-0049': '1.2' },
  setup(client): PrivateData {
    return {
      async get(name, ns, { signal } = {}) {
        const { elements } = await client.request(wire.get, { elements: [new Element(name, ns)] }, { signal })
        // §2.3: there is an answer in any case.
        return elements.filter(({ attrs, children }) => attrs.length > 0 || children.length > 0)
      },
      set: (element, { signal } = {}) => client.request(wire.set, { elements: [element] }, { signal }),
    }
  },
})
