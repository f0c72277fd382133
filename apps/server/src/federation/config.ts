/** What `[s2s]` means. */

import { resolve } from 'node:path'
import type { S2sTarget } from '@tercet/net'
import type { DomainRule, GatewayLimits, PolicyOptions } from '@tercet/s2s'
import type { ListenAddress } from '../address.ts'
import type { FederationSettings } from './schema.ts'

/** What is known of the certificate of a domain. */
export interface Pin {
  readonly fingerprints: readonly string[]
  readonly firstUse: boolean
}

/** Settings of federation, checked and complete. */
export interface FederationConfig {
  readonly policy: PolicyOptions & { readonly federation: 'off' | 'open' | 'allow' | 'deny' }
  readonly limits: Partial<GatewayLimits>
  readonly bidi: boolean
  /** Name servers; undefined: those of the system. */
  readonly dns: readonly string[] | undefined
  /** The name servers validate: what they say about certificates counts (RFC 7673). */
  readonly dane: boolean
  /** Certificates that a domain names on its web server count (RFC 7711). */
  readonly posh: boolean
  /** Domains that cannot be reached otherwise are asked for WebSockets (XEP-0468). */
  readonly webSocket: boolean
  /** Addresses that DNS gives may be those of this machine and its neighbours. */
  readonly privateAddresses: boolean
  /** Absolute path of a PEM file with more roots. */
  readonly ca: string | undefined
  /** Domains that are found without DNS. */
  readonly targets: ReadonlyMap<string, S2sTarget>
  readonly pins: ReadonlyMap<string, Pin>
}

/** Completes the settings; `folder` is what paths are relative to. */
export function toFederation(settings: FederationSettings, listens: boolean, folder: string): FederationConfig {
  const rules = new Map<string, Partial<DomainRule>>()
  const targets = new Map<string, S2sTarget>()
  const pins = new Map<string, Pin>()
  for (const { name, target, web_socket, fingerprint, first_use, direct_tls, ...rest } of settings.domain) {
    // Who names a certificate wants no other proof.
    const pinned = fingerprint.length > 0 || first_use
    const authentication = rest.authentication ?? (pinned ? 'certificate' : undefined)
    rules.set(name, {
      ...(authentication === undefined ? {} : { authentication }),
      ...(rest.require_tls === undefined ? {} : { requireTls: rest.require_tls }),
      ...(rest.stanzas_per_second === undefined ? {} : { stanzasPerSecond: rest.stanzas_per_second }),
    })
    if (web_socket !== undefined) targets.set(name, { webSocket: web_socket })
    if (target) targets.set(name, { host: hostOf(target), port: target.port, directTls: direct_tls })
    if (pinned) pins.set(name, { fingerprints: fingerprint, firstUse: first_use })
  }
  return {
    policy: {
      federation: settings.federation ?? (listens ? 'open' : 'off'),
      domains: settings.domains,
      rule: {
        requireTls: settings.require_tls,
        authentication: settings.authentication,
        stanzasPerSecond: settings.stanzas_per_second,
      },
      rules,
    },
    limits: {
      queueMs: settings.retry_seconds * 1000,
      queueStanzas: settings.queue_stanzas,
      queueCharacters: settings.queue_characters,
      windowStanzas: settings.window_stanzas,
      stanzaBytes: settings.stanza_bytes,
      resumeMs: settings.resume_seconds * 1000,
      idleMs: settings.idle_seconds * 1000,
      answerMs: settings.answer_seconds * 1000,
    },
    bidi: settings.bidi,
    dns: settings.dns,
    dane: settings.dane,
    posh: settings.posh,
    webSocket: settings.web_socket,
    privateAddresses: settings.private_addresses,
    ca: settings.ca === undefined ? undefined : resolve(folder, settings.ca),
    targets,
    pins,
  }
}

/** `*:port` makes no sense as a target; it is this machine. */
function hostOf({ address }: ListenAddress): string {
  return address ?? 'localhost'
}
