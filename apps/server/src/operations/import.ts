/** Many accounts at once: keys are derived in the thread pool, several at a time, and committed together. */

import { availableParallelism } from 'node:os'
import type { AccountKeys, Host } from '@tercet/server'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import { derive, locate } from './account.ts'
import { operation } from './operation.ts'

/** Accounts that one request may carry. */
export const importBatch = 200

const entry = z.strictObject({ line: z.int(), jid: z.string(), password: z.string() })
type Entry = z.infer<typeof entry>

interface Derived {
  readonly host: Host
  readonly local: string
  readonly keys: AccountKeys
}

/** Makes accounts; one that exists gets the password. What cannot be used is named by its line, and the others are made all the same. */
export const importAccounts = operation({
  name: 'account.import',
  input: z.strictObject({ accounts: z.array(entry).max(importBatch) }),
  async run({ server }, { accounts }) {
    const failed: { line: number; text: string }[] = []
    const derived: (Derived | undefined)[] = []
    const make = async ({ line, jid, password }: Entry, index: number): Promise<void> => {
      try {
        const { host, local } = locate(server, jid)
        derived[index] = { host, local, keys: await derive(host, password) }
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        failed.push({ line, text: error.message })
      }
    }
    await inParallel(accounts, availableParallelism(), make)
    const unit = server.storage.unit()
    let added = 0
    const changed = new Set<string>()
    for (const account of derived) {
      if (!account) continue
      const { host, local, keys } = account
      const key = `${host.domain}/${local}`
      if (changed.has(key) || (await host.accounts.exists(local))) changed.add(key)
      else added++
      host.accounts.write(unit, local, keys, { create: false })
    }
    if (added + changed.size > 0) await unit.commit()
    else unit.abandon()
    return { added, changed: changed.size, failed: failed.sort((a, b) => a.line - b.line) }
  },
})

/** Runs `work` on all items, `width` at a time: each takes several threads of the pool, which logins need as well. */
async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const rest = items.entries()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const [index, item] of rest) await work(item, index)
    }),
  )
}
