/** The shape of `[s2s]`: with which servers we talk, and how. */

import { defaultGatewayLimits } from '@tercet/s2s'
import { z } from 'zod'
import { flag, table, text, whole } from '../schema-words.ts'
import { domain, domainPattern } from '../schema-domain.ts'
import { fileAddress } from '../schema-address.ts'

const authentication = z.enum(['certificate', 'dialback'], { error: '"certificate" or "dialback"' })

const FINGERPRINT = 'the SHA-256 of a certificate, 64 hexadecimal digits'

const fingerprint = z
  .string({ error: FINGERPRINT })
  .regex(/^(?:[0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$/, { error: FINGERPRINT })

const WEB_SOCKET = 'an address that begins with "wss://"'

const webSocket = z.string({ error: WEB_SOCKET }).refine(isSecureWebSocket, { error: WEB_SOCKET })

function isSecureWebSocket(value: string): boolean {
  const { protocol, hostname, hash } = URL.parse(value) ?? {}
  return protocol === 'wss:' && hostname !== '' && hash === ''
}

/** One domain that is treated in another way. */
const remote = table({
  name: domain,
  target: fileAddress.optional(),
  web_socket: webSocket.optional(),
  direct_tls: flag().default(false),
  fingerprint: z.array(fingerprint, { error: `a list of ${FINGERPRINT}` }).default([]),
  first_use: flag().default(false),
  require_tls: flag().optional(),
  authentication: authentication.optional(),
  stanzas_per_second: whole(1).optional(),
}).superRefine(({ target, web_socket }, context) => {
  if (target !== undefined && web_socket !== undefined)
    context.addIssue({
      code: 'custom',
      path: ['web_socket'],
      message: 'either target or web_socket',
      input: web_socket,
    })
})

/** `[s2s]`. */
export const s2s = table({
  federation: z.enum(['off', 'open', 'allow', 'deny'], { error: '"off", "open", "allow" or "deny"' }).optional(),
  domains: z.array(domainPattern, { error: 'a list of domains, "*.example.org" for all below one' }).default([]),
  require_tls: flag().default(true),
  authentication: authentication.default('dialback'),
  bidi: flag().default(true),
  dns: z.array(text('"address:port" of a name server'), { error: 'a list of name servers' }).optional(),
  dane: flag().default(false),
  posh: flag().default(false),
  web_socket: flag().default(false),
  private_addresses: flag().default(false),
  ca: text('a PEM file').optional(),
  retry_seconds: whole(1).default(defaultGatewayLimits.queueMs / 1000),
  queue_stanzas: whole(1).default(defaultGatewayLimits.queueStanzas),
  queue_characters: whole(10_000).default(defaultGatewayLimits.queueCharacters),
  window_stanzas: whole(1).default(defaultGatewayLimits.windowStanzas),
  stanza_bytes: whole(10_000).default(defaultGatewayLimits.stanzaBytes),
  stanzas_per_second: whole(1).default(10_000),
  resume_seconds: whole(0, 3600).default(defaultGatewayLimits.resumeMs / 1000),
  idle_seconds: whole(1).default(defaultGatewayLimits.idleMs / 1000),
  answer_seconds: whole(1).default(defaultGatewayLimits.answerMs / 1000),
  domain: z
    .array(remote, { error: 'tables written as [[s2s.domain]]' })
    .default([])
    .superRefine((domains, context) => {
      for (const [index, { name }] of domains.entries())
        if (domains.findIndex(other => other.name === name) < index)
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'each domain once', input: name })
    }),
})

/** What was read of it. */
export type FederationSettings = z.infer<typeof s2s>
