/** The JSON lines between a test and a client that runs as a child process: commands in, events out. */

import { createInterface } from 'node:readline'

/** The first line: who logs in, and where. `caFile` counts for slixmpp; Node clients get NODE_EXTRA_CA_CERTS. */
export interface DriverLogin {
  readonly jid: string
  readonly password: string
  readonly resource: string
  readonly door: 'starttls' | 'direct tls' | 'websocket'
  readonly host: string
  readonly port: number
  readonly wsUrl: string
  readonly caFile: string
  /** null: the client's choice. */
  readonly mechanism: string | null
}

/** Any following line; each is answered by `done` or `refused` with its id. */
export type Command = { readonly id: number } & (
  | { readonly do: 'subscribe' | 'approve'; readonly jid: string }
  | { readonly do: 'presence'; readonly show: string; readonly status: string }
  | { readonly do: 'say'; readonly jid: string; readonly body: string }
  | { readonly do: 'settle' | 'logout' }
)

/** Gajim alone: OMEMO for a chat, what a chat shows, a picture of oneself. */
export type GajimCommand = { readonly id: number } & (
  { readonly do: 'encrypt' | 'shown'; readonly jid: string } | { readonly do: 'picture' }
)

/** What a driver tells; `presence` says `available` where there is no show. */
export type DriverEvent =
  | { readonly event: 'ready'; readonly jid: string; readonly tls: string | null }
  | { readonly event: 'failed' | 'closed'; readonly reason: string }
  | {
      readonly event: 'message'
      readonly jid: string
      readonly body: string
      readonly delayed: boolean
      /** Gajim alone: what encrypted it. */
      readonly encrypted?: string | null
    }
  | { readonly event: 'presence'; readonly jid: string; readonly show: string; readonly status: string }
  | { readonly event: 'request'; readonly jid: string }
  | { readonly event: 'roster'; readonly jid: string; readonly subscription: string }
  // Gajim alone: sent or from the archive; the rows of a chat; pictures, by their SHA-1.
  | {
      readonly event: 'sent' | 'archived'
      readonly jid: string
      readonly body: string
      readonly encrypted: string | null
    }
  | { readonly event: 'shown'; readonly jid: string; readonly texts: readonly string[] }
  | { readonly event: 'published'; readonly sha: string }
  | { readonly event: 'avatar'; readonly jid: string; readonly sha: string }
  | { readonly event: 'done'; readonly id: number }
  | { readonly event: 'refused'; readonly id: number; readonly reason: string }

/** Prints one event for the test to read. */
export function emit(event: DriverEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

/** Reads the login line and then every command; ends the process when the test closes the pipe. */
export async function drive(start: (login: DriverLogin) => (command: Command) => Promise<void>): Promise<never> {
  let obey: ((command: Command) => Promise<void>) | undefined
  for await (const line of createInterface({ input: process.stdin })) {
    // The only writer of this pipe is clients/driver.ts, which is typed by the same declarations.
    const message = JSON.parse(line) as unknown
    if (!obey) {
      obey = start(message as DriverLogin)
      continue
    }
    const command = message as Command
    try {
      await obey(command)
      emit({ event: 'done', id: command.id })
    } catch (error) {
      emit({ event: 'refused', id: command.id, reason: String(error) })
    }
  }
  process.exit(0)
}
