/** Bearer tokens that an authorization server signs as JWT (RFC 7519), for SASL OAUTHBEARER (RFC 7628). */

import { readFileSync } from 'node:fs'
import type { Bearer } from '@tercet/server'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import type { Config, OauthConfig } from './config.ts'
import { UserError } from './user-error.ts'

/** Signatures alone: with a shared secret everybody who may check a token could make one (RFC 8725 §3.1). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** Clocks may differ by so much. */
const TOLERANCE_SECONDS = 30
/** How long the authorization server may take to tell its keys. */
const TIMEOUT_MS = 5000

/** Who vouches for tokens on `host`, as an option of the server's host. @throws {UserError} the file with its keys is not usable */
export function bearerOf({ oauth }: Config, host: string): { readonly bearer?: Bearer } {
  const config = oauth.get(host)
  return config ? { bearer: openBearer(config, host) } : {}
}

/** @throws {UserError} */
export function openBearer(config: OauthConfig, host: string): Bearer {
  const { issuer, audience, claim, createAccounts, scope, openidConfiguration } = config
  const keys = openKeys(config.jwks)
  return {
    createsAccounts: createAccounts,
    refusal: {
      ...(scope === undefined ? {} : { scope }),
      ...(openidConfiguration === undefined ? {} : { openidConfiguration }),
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: TOLERANCE_SECONDS,
          requiredClaims: ['exp', claim],
        })
        return localOf(payload[claim], host)
      } catch (error) {
        if (isRefusal(error)) return undefined
        throw error
      }
    },
  }
}

/** A claim may be a localpart or an address; an address of another domain is nobody here. */
function localOf(value: unknown, host: string): string | undefined {
  if (typeof value !== 'string') return undefined
  const at = value.lastIndexOf('@')
  if (at < 0) return value
  return value.slice(at + 1).toLowerCase() === host ? value.slice(0, at) : undefined
}

/** What is wrong with the token; keys that could not be fetched are nobody's fault (`temporary-auth-failure`). */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === 'ERR_JOSE_GENERIC'
  )
}

function openKeys(jwks: string): JWTVerifyGetKey {
  if (jwks.startsWith('https://')) return createRemoteJWKSet(new URL(jwks), { timeoutDuration: TIMEOUT_MS })
  try {
    // createLocalJWKSet checks what it is given.
    return createLocalJWKSet(JSON.parse(readFileSync(jwks, 'utf8')) as JSONWebKeySet)
  } catch (cause) {
    throw new UserError(`host.oauth.jwks: ${jwks} holds no JSON Web Key Set: ${(cause as Error).message}`, { cause })
  }
}
