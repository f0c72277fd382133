/** A cluster of one node: function calls. Every lease is granted, every session is here. */

import type { Bus, Receiver } from './bus.ts'
import type { Cluster } from './cluster.ts'
import type { Directory, Place } from './directory.ts'
import type { Lease, Leases } from './lease.ts'

/** Makes a cluster of this process alone. */
export function single(): Cluster {
  const node = `single-${crypto.randomUUID()}`
  return {
    node,
    directory: localDirectory(),
    bus: localBus(node),
    leases: localLeases(node),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const NOWHERE: readonly Place[] = []

function localDirectory(): Directory {
  const accounts = new Map<string, readonly Place[]>()
  return {
    put(place) {
      const places = accounts.get(place.account) ?? NOWHERE
      const at = places.findIndex(({ resource }) => resource === place.resource)
      accounts.set(place.account, at < 0 ? [...places, place] : places.with(at, place))
    },
    remove(account, resource) {
      const left = (accounts.get(account) ?? NOWHERE).filter(place => place.resource !== resource)
      if (left.length > 0) accounts.set(account, left)
      else accounts.delete(account)
    },
    find: account => accounts.get(account) ?? NOWHERE,
  }
}

function localBus(node: string): Bus {
  const receivers = new Map<string, Receiver>()
  return {
    send(to, word) {
      if (to !== node) return
      const space = word.indexOf(' ')
      const run = receivers.get(space < 0 ? word : word.slice(0, space))
      // As on a real bus, nobody is called inside of a send.
      if (run) queueMicrotask(() => run(word, node))
    },
    receive(topic, run) {
      if (receivers.has(topic)) throw new TypeError(`The topic ${topic} has a receiver`)
      receivers.set(topic, run)
      return { [Symbol.dispose]: () => void receivers.delete(topic) }
    },
  }
}

function localLeases(node: string): Leases {
  const held = new Map<string, Lease>()
  let fence = 0
  return {
    acquire(key) {
      let lease = held.get(key)
      if (!lease) held.set(key, (lease = { key, fence: ++fence, signal: never }))
      return lease
    },
    release(lease) {
      if (held.get(lease.key) === lease) held.delete(lease.key)
    },
    holder: key => (held.has(key) ? node : undefined),
  }
}

/** With one node no lease is ever lost. */
const never = new AbortController().signal
