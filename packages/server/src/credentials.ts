/** The credentials of a host as SASL asks for them, and what one stream has in addition. */

import { BareJid } from '@tercet/jid'
import {
  certificateIdentity,
  fakeScramKeys,
  SaslError,
  verifyPasswordAgainst,
  type BearerOrigin,
  type Credentials,
} from '@tercet/sasl'
import type { Stream } from '@tercet/stream'
import type { Host } from './host.ts'
import type { Bearer, CertificateNames } from './login.ts'
import { localOf } from './modules/new-credentials.ts'
import { RememberedPasswords } from './remembered-passwords.ts'

/** The hashes that PLAIN is checked with, the cheap ones first; an account may not have keys of all. */
const PLAIN_HASHES = ['SHA-256', 'SHA-1', 'SHA-512'] as const

/** Makes the credentials of `host`. */
export function hostCredentials(host: Host): Credentials {
  const { accounts, fakeSaltSecret } = host
  const { bearer } = host.login
  const remembered = new RememberedPasswords()
  return {
    ...(bearer ? { bearer: (token, _, origin) => vouchedFor(host, bearer, token, origin) } : {}),
    scramKeys: (username, hash) => accounts.keys(username, hash),
    fakeSaltSecret,
    iterations: accounts.iterations,
    async verifyPassword(username, password) {
      const [hash, keys] = (await accounts.anyKeys(username, PLAIN_HASHES)) ?? [PLAIN_HASHES[0], undefined]
      if (keys && remembered.has(username, password, keys.storedKey)) return true
      const checked =
        keys ?? (await fakeScramKeys(username, hash, { secret: fakeSaltSecret, iterations: accounts.iterations }))
      const good = await verifyPasswordAgainst(checked, hash, password)
      if (good && keys) remembered.add(username, password, keys.storedKey)
      return good && keys !== undefined
    },
  }
}

/** The credentials of a host for one stream: with EXTERNAL if it has shown a certificate that names somebody here, and ANONYMOUS where there are guests. */
export function streamCredentials(host: Host, common: Credentials, stream: Stream): Credentials {
  const { guests } = host
  const names = host.login.certificates && certificateNames(host, stream)
  if (!guests && !names) return common
  return {
    ...common,
    ...(guests ? { anonymous: () => guests.admit(stream) } : {}),
    ...(names ? { external: authzid => certified(host, names, authzid) } : {}),
  }
}

/** Whom the stream's certificate names on this host; undefined: nobody, or it is not trusted (XEP-0178 §2). */
function certificateNames(host: Host, { transport }: Stream): CertificateNames | undefined {
  const { peerCertificate, peerCertificateError } = transport.tls ?? {}
  if (!peerCertificate || peerCertificateError !== undefined) return undefined
  const names = host.login.certificates?.names(peerCertificate)
  if (!names) return undefined
  if (names.addresses.length === 0) return isHere(host, names.mapped) ? names : undefined
  const addresses = names.addresses.flatMap(text => prepared(text) ?? [])
  return addresses.some(address => isHere(host, address)) ? { addresses } : undefined
}

/** @throws {SaslError} see `certificateIdentity` */
async function certified(
  host: Host,
  names: CertificateNames,
  authzid: string | undefined,
): Promise<string | undefined> {
  const wanted = authzid === undefined ? undefined : prepared(authzid)
  if (authzid !== undefined && wanted === undefined) throw new SaslError('invalid-authzid')
  const local = (address: string): boolean => isHere(host, address)
  const address = certificateIdentity(names.addresses, wanted, { local, mapped: names.mapped })
  const { local: name } = BareJid.parse(address)
  // A guest's name is on no certificate.
  return (await host.accounts.exists(name)) && !host.accounts.guests.has(name) ? name : undefined
}

function isHere(host: Host, address: string | undefined): boolean {
  if (address === undefined) return false
  const { local, domain } = BareJid.parse(address)
  return local !== '' && domain === host.domain
}

function prepared(text: string): string | undefined {
  try {
    return BareJid.parse(text).text
  } catch {
    return undefined
  }
}

/** The account that an authorization server vouches for; it may be a new one. */
async function vouchedFor(
  host: Host,
  bearer: Bearer,
  token: string,
  origin: BearerOrigin,
): Promise<string | undefined> {
  const claimed = await bearer.verify(token, origin)
  if (claimed === undefined) return undefined
  const local = localOf(host, claimed)
  if (local === undefined || host.accounts.guests.has(local)) return undefined
  if (await host.accounts.exists(local)) return local
  if (!bearer.createsAccounts) return undefined
  await host.accounts.create(local)
  host.logger.info({ account: local }, 'Account made for whom the authorization server vouches')
  return local
}
