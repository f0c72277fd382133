/** Keys of a further hash from a client that knows the password (XEP-0480 0.2.0 §3): what accounts of other servers come without. */

import { SALT_BYTES, encodeBase64, SaslError, scramKeysFromSalted, upgradeTaskName, type ScramHash } from '@tercet/sasl'
import { DecodeError } from '@tercet/stanza'
import { hash as answer, NS, NS_SCRAM, upgrade } from '@tercet/stanza/sasl-upgrade'
import type { Sasl2Login, Task } from '@tercet/stream'
import type { Element } from '@tercet/xml'
import { showsPassword } from './clients.ts'
import type { Host } from './host.ts'

/** Wire text of the offer for an account without keys of these hashes. */
export function offeredUpgrades(missing: readonly ScramHash[]): string {
  return missing.map(hash => `<upgrade xmlns='${NS}'>${upgradeTaskName(hash)}</upgrade>`).join('')
}

/**
 * The tasks that a client asks for and the account needs. Only after a mechanism that shows the password: keys of another hash are a password,
 * which nobody is to set with a stolen token.
 */
export function wantedUpgrades(host: Host, login: Sasl2Login, missing: readonly ScramHash[]): Task[] {
  if (missing.length === 0 || !showsPassword(login.mechanism)) return []
  const wanted = new Set<string>()
  for (const element of login.request.elements()) {
    if (element.ns === NS && element.name === upgrade.name) wanted.add(element.text())
  }
  return missing.filter(hash => wanted.has(upgradeTaskName(hash))).map(hash => task(host, login, hash))
}

function task(host: Host, { account }: Sasl2Login, hash: ScramHash): Task {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const { iterations } = host.accounts
  return {
    name: upgradeTaskName(hash),
    begin: () => `<salt xmlns='${NS_SCRAM}' iterations='${iterations}'>${encodeBase64(salt)}</salt>`,
    async take(data) {
      const keys = await scramKeysFromSalted(read(data), hash, salt, iterations)
      await host.account(account).entered(() => host.accounts.addKeys(account.local, hash, keys))
      return undefined
    },
  }
}

/** @throws {SaslError} `malformed-request` · `incorrect-encoding` */
function read(data: readonly Element[]): Uint8Array {
  const element = data.find(({ name, ns }) => name === answer.name && ns === answer.ns)
  if (!element) throw new SaslError('malformed-request', { text: 'The salted password is missing' })
  try {
    return answer.read(element)
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new SaslError('incorrect-encoding', { cause })
  }
}
