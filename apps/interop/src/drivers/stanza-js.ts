/** `stanza` (stanza.js) as a child process: RFC 7395 over secure WebSocket. */

import { createClient, type Agent } from 'stanza'
import { drive, emit, type Command, type DriverLogin } from './protocol.ts'

type Show = 'away' | 'chat' | 'dnd' | 'xa'

function start(login: DriverLogin): (command: Command) => Promise<void> {
  const agent: Agent = createClient({
    jid: login.jid,
    password: login.password,
    resource: login.resource,
    transports: { websocket: login.wsUrl, bosh: false },
    autoReconnect: false,
  })
  agent.on('auth:failed', () => emit({ event: 'failed', reason: 'not authorised' }))
  agent.on('stream:error', error => emit({ event: 'failed', reason: error.condition }))
  agent.on('disconnected', error => emit({ event: 'closed', reason: error?.message ?? 'disconnected' }))

  agent.on('chat', ({ from, body, delay }) => {
    if (body) emit({ event: 'message', jid: from, body, delayed: delay !== undefined })
  })
  agent.on('available', ({ from, show, status }) =>
    emit({ event: 'presence', jid: from, show: show ?? 'available', status: textOf(status) }),
  )
  agent.on('unavailable', ({ from, status }) =>
    emit({ event: 'presence', jid: from, show: 'unavailable', status: textOf(status) }),
  )
  agent.on('subscribe', ({ from }) => emit({ event: 'request', jid: from }))
  agent.on('roster:update', ({ roster }) => reportRoster(roster.items ?? []))
  agent.on('session:started', () => void ready(agent, login))
  agent.connect()

  return async command => {
    switch (command.do) {
      case 'subscribe':
        await agent.updateRosterItem({ jid: command.jid, subscription: 'none' })
        agent.subscribe(command.jid)
        return
      case 'approve':
        agent.acceptSubscription(command.jid)
        return
      case 'presence':
        // The tests send RFC 6121 shows or the empty string, and nothing else.
        agent.sendPresence({ ...(command.show ? { show: command.show as Show } : {}), status: command.status })
        return
      case 'say':
        agent.sendMessage({ to: command.jid, type: 'chat', body: command.body })
        return
      case 'settle':
        await agent.ping(agent.config.server ?? '')
        return
      case 'logout':
        agent.sendPresence({ type: 'unavailable' })
        agent.disconnect()
    }
  }
}

async function ready(agent: Agent, login: DriverLogin): Promise<void> {
  const { items } = await agent.getRoster()
  reportRoster(items)
  agent.sendPresence()
  emit({ event: 'ready', jid: agent.jid, tls: login.wsUrl.startsWith('wss:') ? 'wss' : 'none' })
}

function reportRoster(items: readonly { readonly jid: string; readonly subscription: string }[]): void {
  for (const { jid, subscription } of items) emit({ event: 'roster', jid, subscription })
}

function textOf(text: unknown): string {
  return typeof text === 'string' ? text : ''
}

await drive(start)
