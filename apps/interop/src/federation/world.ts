/** A small Internet on loopback: addresses, names, an authority, certificates. */

import { randomInt } from 'node:crypto'
import { temporaryHome } from '../home.ts'
import { makeAuthority, makeIdentities } from './certificates.ts'
import { startNameServer, type Addresses } from './dns.ts'
import { serverNames } from './kinds.ts'
import { Network } from './network.ts'
import type { World } from './server.ts'

/**
 * Makes it; the addresses are of a network of 127.0.0.0/8 drawn by lot, so that two runs do not meet.
 *
 * @param apart whether each domain of `tercet` has a certificate of its own; default false: one for each way of signing
 */
export async function openWorld({ apart = false } = {}): Promise<World & AsyncDisposable> {
  const home = temporaryHome('federation')
  const network = await Network.open()
  const prefix = `127.${randomInt(1, 255)}.${randomInt(1, 255)}`
  const at = (index: number) => `${prefix}.${10 * (index + 1)}`
  const addresses: Addresses = { prosody: at(0), ejabberd: at(1), tercet: at(2), twin: at(3) }
  try {
    const caFile = await makeAuthority(home.path)
    const [prosody, ejabberd, tercet, twin] = await Promise.all(
      serverNames.map(name => makeIdentities(home.path, name, name === 'twin' || (name === 'tercet' && !apart))),
    )
    const dns = await startNameServer(network, home.path, `${prefix}.53`, addresses)
    return {
      network,
      folder: home.path,
      caFile,
      addresses,
      dns,
      // One for each name, in the order of the names.
      identities: { prosody: prosody!, ejabberd: ejabberd!, tercet: tercet!, twin: twin! },
      async [Symbol.asyncDispose]() {
        await dns.stop()
        await network[Symbol.asyncDispose]()
        home[Symbol.dispose]()
      },
    }
  } catch (error) {
    await network[Symbol.asyncDispose]()
    home[Symbol.dispose]()
    throw error
  }
}
