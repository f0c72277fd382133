/** What an abuse is: something a hostile client does, and what the server must answer. */

import { LoadClient } from '@tercet/testkit/load-client'
import { header, Raw } from './raw.ts'
import { passwordOf, type Target } from './target.ts'

/** One kind of abuse. It is run several times against the same server. */
export interface Abuse {
  readonly title: string
  /** Does it once, and throws when the server does not end it as it must. */
  run(target: Target): Promise<void>
}

/** A connection that has had its stream header answered. */
export async function opened(
  target: Target,
  options: { readonly silent?: boolean; readonly address?: string } = {},
): Promise<Raw> {
  const raw = await new Raw(target.c2s, options).connected()
  raw.send(header(target.domain))
  if (!options.silent) await raw.expect(/<\/stream:features>/)
  return raw
}

/** A bound client that reads nothing of what comes after this. */
export async function bound(target: Target, local: string, resource = 'abuse'): Promise<LoadClient> {
  const { c2s, domain } = target
  const client = new LoadClient({ host: '127.0.0.1', port: c2s, domain, local, password: passwordOf(local), resource })
  await client.authenticate()
  await client.bind()
  return client
}

/** Runs `task` for 0 … `count`-1, `width` of them at a time. */
export async function crowd(count: number, width: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker))
}

/** Sends texts at a bounded pace: `each` of them in a burst, then a pause. Ends early when the connection is gone. */
export async function paced(
  client: { send(text: string): unknown; readonly over?: boolean; readonly closed?: unknown },
  count: number,
  text: (index: number) => string,
  { each = 50, pauseMs = 10 }: { readonly each?: number; readonly pauseMs?: number } = {},
): Promise<void> {
  for (let index = 0; index < count;) {
    let burst = ''
    for (const end = Math.min(count, index + each); index < end; index++) burst += text(index)
    if (client.over === true || client.closed === true) return
    client.send(burst)
    await pause(pauseMs)
  }
}

/** Lets time pass: the pace of an abuse. */
export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Waits until a client's connection is gone. */
export function gone(client: LoadClient): Promise<void> {
  if (client.closed) return Promise.resolve()
  return new Promise(resolve => (client.onClose = resolve))
}
