/** Where notifications of accounts go: nodes of push services, as clients have enabled them (XEP-0357 0.4.1 §5). */

import { Jid } from '@tercet/jid'
import { dataForm, type DataForm } from '@tercet/stanza/data-form'
import type { Awaitable, Table } from '@tercet/storage'
import { readStanza, write } from '@tercet/xml'
import type { Account } from '../account.ts'
import type { Host } from '../host.ts'
import type { Turn } from '../turn.ts'

/** A node that a client has enabled. */
export interface PushNode {
  /** Tells it from the others of its account. */
  readonly key: string
  readonly jid: Jid
  /** Empty: the service wants none. */
  readonly node: string
  readonly options: DataForm | undefined
  /** Milliseconds since 1970. */
  readonly enabledAt: number
}

/** Why a node gets nothing any more. */
export interface Failure {
  readonly jid: string
  readonly node: string
  /** Condition and text of the service's error. */
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly at: number
}

interface NodeRow {
  readonly jid: string
  readonly node: string
  /** Wire text of the form. */
  readonly options?: string
  readonly enabledAt: number
}

const NONE: readonly PushNode[] = []
/** Failures that are remembered of one account. */
const MAX_FAILURES = 10

/** The nodes of one host; in memory for accounts that have both nodes and a session. Changes run in the account's queue. */
export class PushNodes {
  readonly #host: Host
  readonly #nodes: Table<NodeRow>
  readonly #failures: Table<Failure>
  readonly #max: number
  readonly #held = new Map<string, readonly PushNode[] | 'unread'>()

  constructor(host: Host, max: number) {
    this.#host = host
    this.#nodes = host.table('push')
    this.#failures = host.table('push failures')
    this.#max = max
  }

  /** The nodes of an account. */
  of(account: Account): Awaitable<readonly PushNode[]> {
    const held = account.sessions.length === 0 ? 'unread' : (this.#held.get(account.jid.local) ?? NONE)
    return held === 'unread' ? this.read(account.jid.local) : held
  }

  /** True when it is known at once that an account has none. */
  none(account: Account): boolean {
    return account.sessions.length > 0 && !this.#held.has(account.jid.local)
  }

  /** The nodes of an account, from storage. */
  read(local: string): Awaitable<readonly PushNode[]> {
    const rows = this.#nodes.list(this.#host.domain, local)
    if (rows instanceof Promise) return rows.then(rows => rows.map(({ key, value }) => nodeOf(key, value)))
    return rows.length === 0 ? NONE : rows.map(({ key, value }) => nodeOf(key, value))
  }

  /** The first session is there: from now on the nodes are in memory. */
  async load(account: Account): Promise<void> {
    const { local } = account.jid
    this.#held.set(local, 'unread')
    const nodes = await this.read(local)
    if (nodes.length > 0) this.#held.set(local, nodes)
    else this.#held.delete(local)
  }

  unload(account: Account): void {
    this.#held.delete(account.jid.local)
  }

  /** Enables a node, in place of what it was; the oldest goes where there are too many. Gives its key. */
  async enable(account: Account, jid: Jid, node: string, options: DataForm | undefined, turn: Turn): Promise<string> {
    const { local } = account.jid
    const key = keyOf(jid, node)
    const others = (await this.read(local)).filter(other => other.key !== key)
    const oldest = others.toSorted((a, b) => a.enabledAt - b.enabledAt)
    for (const { key } of oldest.slice(0, Math.max(0, oldest.length + 1 - this.#max)))
      this.#nodes.delete(turn.unit, this.#host.domain, local, key)
    const form = options && write(dataForm.write(options))
    const row = { jid: jid.text, node, enabledAt: Date.now(), ...(form === undefined ? {} : { options: form }) }
    this.#nodes.put(turn.unit, this.#host.domain, local, key, row)
    this.#failures.delete(turn.unit, this.#host.domain, local, key)
    await this.#changed(account, turn)
    return key
  }

  /** Disables one node of a service, or all. */
  async disable(account: Account, jid: Jid, node: string | undefined, turn: Turn): Promise<void> {
    for (const found of await this.read(account.jid.local)) {
      if (found.jid.text !== jid.text || (node !== undefined && found.node !== node)) continue
      this.#nodes.delete(turn.unit, this.#host.domain, account.jid.local, found.key)
    }
    await this.#changed(account, turn)
  }

  /** Disables a node since its service wants no more, and remembers why. */
  async fail(account: Account, { key, jid, node }: PushNode, reason: string, turn: Turn): Promise<void> {
    const { domain } = this.#host
    const { local } = account.jid
    this.#nodes.delete(turn.unit, domain, local, key)
    const known = [...(await this.#failures.list(domain, local))].sort((a, b) => a.value.at - b.value.at)
    for (const { key } of known.slice(0, Math.max(0, known.length + 1 - MAX_FAILURES)))
      this.#failures.delete(turn.unit, domain, local, key)
    this.#failures.put(turn.unit, domain, local, key, { jid: jid.text, node, reason, at: Date.now() })
    await this.#changed(account, turn)
  }

  /** Why nodes of an account get nothing any more. */
  async failures(local: string): Promise<Failure[]> {
    return (await this.#failures.list(this.#host.domain, local)).map(({ value }) => value)
  }

  clear(account: Account, turn: Turn): void {
    this.#nodes.clear(turn.unit, this.#host.domain, account.jid.local)
    this.#failures.clear(turn.unit, this.#host.domain, account.jid.local)
    this.#held.delete(account.jid.local)
  }

  /** What holds now is what is being written; should that fail, it is what was there. */
  async #changed(account: Account, turn: Turn): Promise<void> {
    if (account.sessions.length > 0) await this.load(account)
    turn.whenDecided(() => {
      if (turn.state === 'failed' && account.sessions.length > 0) this.load(account).catch(this.#host.bug)
    })
  }
}

function keyOf(jid: Jid, node: string): string {
  return `${jid.text} ${node}`
}

function nodeOf(key: string, { jid, node, options, enabledAt }: NodeRow): PushNode {
  const form = options === undefined ? undefined : dataForm.read(readStanza(`<iq>${options}</iq>`).content.elementAt(0))
  return { key, jid: Jid.parse(jid), node, options: form, enabledAt }
}
