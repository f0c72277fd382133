/** Preloaded into a server under test: a stanza counts as handled at once, before what it caused is on disk. */

import { ReceivedCounter } from '@tercet/stream'

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the counter as its `this`
const { wait } = ReceivedCounter.prototype

ReceivedCounter.prototype.wait = function () {
  const pending = wait.call(this)
  pending.done = true
  return pending
}
