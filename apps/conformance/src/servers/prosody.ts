/** Plays on Prosody: a second opinion on what a play demands. */
import { launchProsody } from '@tercet/testkit'
import type { Launch } from './server-under-test.ts'

const settings: Record<string, (value: string) => string> = {
  'require-tls': value => `c2s_require_encryption = ${value}`,
  'login-seconds': value => `c2s_timeout = ${value}`,
  'stanza-bytes': value => `c2s_stanza_size_limit = ${value}; c2s_unauthed_stanza_size_limit = ${value}`,
  'sasl-attempts': () => '',
  'sessions-per-account': () => '',
  'offline-messages': () => '',
  'resume-seconds': value => `smacks_hibernation_time = ${value}`,
  own: () => '',
  // Neither is an option of a host with accounts.
  'client-certificates': () => '',
  anonymous: () => '',
  register: () => 'allow_registration = true; registration_throttle_max = 100000',
}

/** Launches Debian's Prosody. */
export const launch: Launch = async ({ needs, accounts, password, certificateFile, keyFile, components = [] }) => {
  const prosody = await launchProsody({
    accounts,
    password,
    components,
    tls: { certificateFile, keyFile },
    settings: Object.entries(needs).map(([name, value]) => settings[name]?.(value) ?? ''),
  })
  return {
    house: {
      host: '127.0.0.1',
      port: prosody.port,
      tlsPort: prosody.tlsPort,
      webSocketUrl: `ws://127.0.0.1:${prosody.httpPort}/xmpp-websocket`,
      password,
      componentPort: prosody.componentPort,
    },
    restart: () => prosody.restart(),
    stop: () => prosody.stop(),
  }
}
