// Preparation of user names and passwords (RFC 8265), the same on storing and on checking.
import { opaqueString, usernameCaseMapped } from '@tercet/jid/precis'
import { SaslError } from './error.ts'
import { byteLength } from './text.ts'

/** A user name is the localpart of an address, so it is no longer than one (RFC 7622 §3.3). */
const MAX_NAME_BYTES = 1023

/**
 * Prepares a user name (UsernameCaseMapped, RFC 8265 §3.3).
 *
 * @throws {SaslError} `not-authorized`: no account can have this name
 */
export function prepareUsername(username: string): string {
  const prepared = prepare(usernameCaseMapped, username, 'The user name contains characters that none may have')
  if (byteLength(prepared) > MAX_NAME_BYTES)
    throw new SaslError('not-authorized', { text: 'The user name is too long' })
  return prepared
}

/**
 * Prepares a password (OpaqueString, RFC 8265 §4.2).
 *
 * @throws {SaslError} `not-authorized`: no account can have this password
 */
export function preparePassword(password: string): string {
  return prepare(opaqueString, password, 'The password contains characters that none may have')
}

function prepare(profile: (text: string) => string, input: string, text: string): string {
  try {
    const prepared = profile(input)
    if (prepared !== '') return prepared
  } catch {
    // No cause: the profile's error may quote the secret.
  }
  throw new SaslError('not-authorized', { text })
}
