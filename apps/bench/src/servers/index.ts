/** All kinds of servers, by name. */

import { installEjabberd } from './ejabberd.ts'
import { installProsody } from './prosody.ts'
import type { Install } from './server.ts'
import { installCheckout, installTercet } from './tercet.ts'

const installs: Readonly<Record<string, Install>> = {
  tercet: installTercet,
  prosody: installProsody,
  ejabberd: installEjabberd,
}

/** A name, or the path of another checkout. @throws {Error} there is no such server */
export function installOf(name: string): Install {
  const install = name.includes('/') ? installCheckout(name) : installs[name]
  if (!install) throw new Error(`No server ${name}; there are ${Object.keys(installs).join(', ')}`)
  return install
}
