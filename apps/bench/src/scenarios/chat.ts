/** Chat between 50 pairs, 150-byte bodies, to the bare address. */

import { chatAccounts, prepareChat, type ChatOptions } from '../loads/chat.ts'
import type { CpuScenario } from '../loads/load.ts'

function chat(name: string, title: string, target: number, options: ChatOptions): CpuScenario {
  return {
    kind: 'cpu',
    name,
    title,
    target,
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
