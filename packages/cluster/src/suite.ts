/** The suite that every cluster adapter passes. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Cluster } from './cluster.ts'

/** Shows that an adapter keeps the promises of the port; `open` gives a node of a new cluster. */
export function clusterSuite(name: string, open: () => Cluster | Promise<Cluster>): void {
  describe(name, () => {
    let cluster: Cluster
    beforeEach(async () => {
      cluster = await open()
    })
    afterEach(() => cluster[Symbol.asyncDispose]())
    const place = (resource: string, priority?: number) => ({
      account: 'romeo@a.test',
      resource,
      node: cluster.node,
      priority,
    })
    const found = async (account = 'romeo@a.test') =>
      (await cluster.directory.find(account)).map(({ resource }) => resource)

    test('a session is found until it is removed, in the order of adding', async () => {
      await cluster.directory.put(place('orchard'))
      await cluster.directory.put(place('garden', 5))
      expect(await found()).toEqual(['orchard', 'garden'])
      expect(await found('juliet@a.test')).toEqual([])
      await cluster.directory.remove('romeo@a.test', 'orchard')
      await cluster.directory.remove('romeo@a.test', 'orchard')
      expect(await cluster.directory.find('romeo@a.test')).toEqual([place('garden', 5)])
    })

    test('putting a session again replaces what is known of it', async () => {
      await cluster.directory.put(place('orchard'))
      await cluster.directory.put(place('garden'))
      await cluster.directory.put(place('orchard', -1))
      expect(await cluster.directory.find('romeo@a.test')).toEqual([place('orchard', -1), place('garden', undefined)])
    })

    test('words arrive in order, after the send, at the receiver of their topic', async () => {
      const words: string[] = []
      const all = Promise.withResolvers<void>()
      using _other = cluster.bus.receive('other', () => expect.unreachable())
      using _route = cluster.bus.receive('route', (word, from) => {
        expect(from).toBe(cluster.node)
        words.push(word)
        if (words.length === 3) all.resolve()
      })
      for (const word of ['route 1', 'route 2', 'nobody 0', 'route 3']) cluster.bus.send(cluster.node, word)
      expect(words).toEqual([])
      await all.promise
      expect(words).toEqual(['route 1', 'route 2', 'route 3'])
    })

    test('a topic has one receiver at a time', () => {
      const first = cluster.bus.receive('route', () => {})
      expect(() => cluster.bus.receive('route', () => {})).toThrow('route')
      first[Symbol.dispose]()
      cluster.bus.receive('route', () => {})[Symbol.dispose]()
    })

    test('a lease is the same until it is released, and then has a higher fence', async () => {
      const { leases } = cluster
      const lease = await leases.acquire('romeo@a.test')
      expect(await leases.acquire('romeo@a.test')).toBe(lease)
      expect(await leases.holder('romeo@a.test')).toBe(cluster.node)
      await leases.release(lease!)
      await leases.release(lease!)
      expect(await leases.holder('romeo@a.test')).toBeUndefined()
      const next = await leases.acquire('romeo@a.test')
      expect(next!.fence).toBeGreaterThan(lease!.fence)
      expect(next!.signal.aborted).toBe(false)
    })
  })
}
