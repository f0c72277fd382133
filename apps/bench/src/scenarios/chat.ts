/** Chat between 50 pairs, 150-byte bodies, to the bare address. */

import { chatAccounts, prepareChat, type ChatOptions } from '../loads/chat.ts'
import type { CpuScenario } from '../loads/load.ts'

function chat(
  name: string,
  title: string,
  target: number,
  { archive = false, ...options }: ChatOptions & { archive?: boolean },
): CpuScenario {
  return {
    kind: 'cpu',
    name,
    title,
    target,
    archive,
    federated: options.federated ?? false,
    steady: options.rate !== undefined,
    operation: 'message',
    accounts: chatAccounts,
    prepare: (server, locals) => prepareChat(server, locals, options),
  }
}

export const chatSaturated = chat('chat', 'chat, saturated', 6, {})
export const chatSteady = chat('chat-steady', 'chat, 2,000/s', 45, { rate: 2000 })
export const chatTls = chat('chat-tls', 'chat, TLS, saturated', 8, { tls: true })
export const chatTlsSteady = chat('chat-tls-steady', 'chat, TLS, 2,000/s', 60, { tls: true, rate: 2000 })
export const chatManaged = chat('chat-sm', 'chat, XEP-0198, all acknowledge', 9, { management: 'acknowledging' })
export const chatSilent = chat('chat-sm-silent', 'chat, XEP-0198, receivers never acknowledge', 20, {
  management: 'silent',
})
const archived = { management: 'acknowledging', archive: true } as const
export const chatArchive = chat('chat-archive', 'chat + archive of both sides, XEP-0198', 30, archived)
export const chatArchiveSteady = chat('chat-archive-steady', 'chat + archive of both sides, XEP-0198, 1,000/s', 150, {
  ...archived,
  rate: 1000,
})

/** Of both servers together. The stream between them is encrypted, and proven by dialback. */
export const chatFederated = chat('s2s', 'chat between two servers, saturated', 15, { federated: true })
export const chatFederatedSteady = chat('s2s-steady', 'chat between two servers, 1,000/s', 150, {
  federated: true,
  rate: 1000,
})
