/** Client state indication (XEP-0352 1.0.0): the server hears whether anybody looks, and spares a pocketed phone what can wait. */

import * as wire from '@tercet/stanza/csi'
import { definePlugin } from '../plugin.ts'
import { stateChanged } from '../points.ts'

/** What the plugin for client states offers. */
export interface Csi {
  /** Whether somebody looks at the client; true at first. */
  readonly active: boolean
  /** Whether the server of this session minds it. */
  readonly minded: boolean
  /** Says whether somebody looks, now and after each reconnection. It costs nothing to say the same again. */
  set(active: boolean): void
}

/** Tells the server who looks; it changes nothing of what arrives, but when. */
export const csi = definePlugin({
  name: 'csi',
  specs: { 'XEP-0352': '1.0.0' },
  setup(client): Csi {
    let active = true
    const minded = (): boolean => client.streamFeature(wire.feature) !== undefined
    client.on(stateChanged, 'run', ({ state }) => {
      // §5: a stream begins active, a resumed one as well.
      if (state.kind === 'online' && !active && minded()) client.nonza(wire.inactive.write({}))
    })
    return {
      get active() {
        return active
      },
      get minded() {
        return minded()
      },
      set(now) {
        if (now === active) return
        active = now
        if (client.state.kind === 'online' && minded()) client.nonza((now ? wire.active : wire.inactive).write({}))
      },
    }
  },
})
