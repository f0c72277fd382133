/** Ad-hoc commands (XEP-0050 1.3.0) of the host: run at once, or after one form. */

import { BareJid, type Jid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import { StanzaError } from '@tercet/stanza'
import * as wire from '@tercet/stanza/command'
import type { CommandNote, CommandRequest } from '@tercet/stanza/command'
import { NS as NS_FORMS, type DataForm } from '@tercet/stanza/data-form'
import type { DiscoItem } from '@tercet/stanza/disco'
import type { Awaitable } from '@tercet/storage'
import { z } from 'zod'
import type { Host } from '../host.ts'
import type { IqContext } from '../iq.ts'
import { defineModule } from '../module.ts'
import type { Session } from '../session.ts'
import { newToken } from '../token.ts'
import type { Turn } from '../turn.ts'
import { discovery } from './disco.ts'

/** Who runs a command. */
export interface Caller {
  readonly from: Jid
  /** Of an account of this host. */
  readonly session: Session | undefined
  /** One of those whom the configuration names. */
  readonly isAdmin: boolean
  readonly turn: Turn
}

/** What a command gives at its end. */
export interface Outcome {
  readonly form?: DataForm
  readonly notes?: readonly CommandNote[]
}

/** A command: what a module lets people do. */
export interface Command {
  readonly node: string
  /** For people. */
  readonly name: string
  /** Who sees it and may run it. */
  allows(caller: Caller): boolean
  /** The form to fill in first; without it the command runs at once. */
  readonly form?: (caller: Caller) => Awaitable<DataForm>
  /** @throws {StanzaError} it cannot be done; {@link badPayload} for a form that does not fit */
  run(form: DataForm | undefined, caller: Caller): Awaitable<Outcome>
}

interface Execution {
  readonly node: string
  readonly from: string
  readonly untilMs: number
  over: boolean
}

/** How long a form may take. */
const PATIENCE_MS = 900_000
/** Executions of a host that are remembered; beyond that the oldest is forgotten. */
const MAX_EXECUTIONS = 1000
const ACTIONS = new Set(['cancel', 'complete', 'execute', 'next', 'prev'])

/** The commands of one host. */
export class Commands {
  readonly #host: Host
  readonly #admins: ReadonlySet<string>
  readonly #commands = new Map<string, Command>()
  /** By session id. */
  readonly #executions = new Map<string, Execution>()

  constructor(host: Host, admins: ReadonlySet<string>) {
    this.#host = host
    this.#admins = admins
  }

  /** @throws {TypeError} there is one with its node already */
  add(command: Command): void {
    if (this.#commands.has(command.node)) throw new TypeError(`Two commands are called ${command.node}`)
    this.#commands.set(command.node, command)
  }

  /** Those that somebody may run. */
  items(context: IqContext): readonly DiscoItem[] {
    const caller = this.#caller(context)
    const items: DiscoItem[] = []
    for (const command of this.#commands.values())
      if (command.allows(caller)) items.push({ jid: this.#host.jid, node: command.node, name: command.name })
    return items
  }

  /** A command by its node, if somebody may run it. */
  find(node: string, context: IqContext): Command | undefined {
    const command = this.#commands.get(node)
    return command?.allows(this.#caller(context)) ? command : undefined
  }

  /** @throws {StanzaError} §4.4 */
  async execute(request: CommandRequest, context: IqContext): Promise<wire.CommandResult> {
    const { node, sessionId, action = 'execute', form } = request
    if (!ACTIONS.has(action)) throw refusal('bad-request', 'malformed-action')
    const command = this.#commands.get(node)
    if (!command) throw new StanzaError('item-not-found', { text: 'There is no such command' })
    const caller = this.#caller(context)
    if (!command.allows(caller)) throw new StanzaError('forbidden', { text: 'This command is not for you' })
    if (sessionId === undefined) return this.#begin(command, action, form, caller)
    const execution = this.#executions.get(sessionId)
    // Somebody else's is none at all.
    if (execution?.from !== caller.from.text || execution.node !== node) throw refusal('bad-request', 'bad-sessionid')
    if (execution.over || execution.untilMs < this.#host.server.wheel.now)
      throw refusal('not-allowed', 'session-expired')
    if (action === 'cancel') {
      execution.over = true
      return { node, sessionId, status: 'canceled', notes: [] }
    }
    if (action !== 'execute' && action !== 'complete') throw refusal('bad-request', 'bad-action')
    if (form?.type !== 'submit') throw badPayload('Fill in the form')
    const { form: given, notes = [] } = await command.run(form, caller)
    execution.over = true
    return { node, sessionId, status: 'completed', notes, ...(given ? { form: given } : {}) }
  }

  async #begin(
    command: Command,
    action: string,
    filled: DataForm | undefined,
    caller: Caller,
  ): Promise<wire.CommandResult> {
    // There is nothing yet to go back from, nor to cancel.
    if (action !== 'execute') throw refusal('bad-request', 'bad-action')
    const { node } = command
    const sessionId = newToken()
    // COMPAT(Conversations 2.x, Monal 6 and others): who knows the form sends it filled in with the first request.
    if (!command.form || filled?.type === 'submit') {
      const { form, notes = [] } = await command.run(command.form && filled, caller)
      return { node, sessionId, status: 'completed', notes, ...(form ? { form } : {}) }
    }
    const form = await command.form(caller)
    const untilMs = this.#host.server.wheel.now + PATIENCE_MS
    this.#executions.set(sessionId, { node, from: caller.from.text, untilMs, over: false })
    const oldest = this.#executions.keys().next().value
    if (oldest !== undefined && this.#executions.size > MAX_EXECUTIONS) this.#executions.delete(oldest)
    const actions = { execute: 'complete', prev: false, next: false, complete: true } as const
    return { node, sessionId, status: 'executing', actions, notes: [], form }
  }

  #caller({ from, session, turn }: IqContext): Caller {
    return {
      from,
      turn,
      session: session?.host === this.#host ? session : undefined,
      isAdmin: this.#admins.has(from.bare.text),
    }
  }
}

/** The commands of a host, for modules that have some. */
export const commands = service<Commands>('commands')

const admin = z.string().transform((text, context) => {
  try {
    const jid = BareJid.parse(text)
    if (jid.local !== '') return jid.text
  } catch {
    // reported below
  }
  context.issues.push({ code: 'custom', message: 'an address such as "romeo@example.org"', input: text })
  return z.NEVER
})

/** Lists and runs commands. */
export const adHocCommands = defineModule({
  name: 'commands',
  specs: { 'XEP-0050': '1.3.0' },
  features: [wire.NS],
  needs: [discovery],
  provides: commands,
  options: z.strictObject({
    admins: z.array(admin).default([]).describe('Addresses that may run the commands of an operator'),
  }),
  setup(host, disco, { admins }) {
    const all = new Commands(host, new Set(admins))
    host.handle(wire.command, 'server', (request, context) => all.execute(request, context))
    disco.nodes({
      info(node, context) {
        if (node === wire.NS)
          return { identities: [{ category: 'automation', type: 'command-list' }], features: [wire.NS], forms: [] }
        const command = all.find(node, context)
        if (!command) return undefined
        const identity = { category: 'automation', type: 'command-node', name: command.name }
        return { identities: [identity], features: [wire.NS, NS_FORMS], forms: [] }
      },
      items: (node, context) => {
        if (node === wire.NS) return all.items(context)
        return all.find(node, context) ? [] : undefined
      },
    })
    return all
  },
})

/** A form that does not fit (§4.4). */
export function badPayload(text: string): StanzaError {
  return new StanzaError('bad-request', { text, application: wire.condition('bad-payload') })
}

function refusal(stanza: 'bad-request' | 'not-allowed', condition: wire.CommandCondition): StanzaError {
  return new StanzaError(stanza, { application: wire.condition(condition) })
}
