/** Messages that waited for somebody to come home (XEP-0160 1.0.1): given out when a session takes messages. */

import { redeliver, unclaimed } from '../delivery.ts'
import { defineModule } from '../module.ts'
import { presenceChanged } from '../points.ts'

/** Delivers what an account is owed to the first session that takes messages, in order, once. */
export const offline = defineModule({
  name: 'offline',
  specs: { 'XEP-0160': '1.0.1', 'XEP-0203': '2.0' },
  features: ['msgoffline'],
  setup(host) {
    host.on(presenceChanged, 'run', ({ session, tookMessages }) => {
      if (tookMessages || !session.takesMessages) return
      const { account } = session
      // Later than what the presence itself causes, and in the account's queue: nothing overtakes what has waited.
      account.run(async () => {
        const entries = await unclaimed(account)
        if (session.takesMessages) redeliver(account, entries, [session])
      })
    })
  },
})
