/** States of affairs before a play begins, brought about over the protocol. RFC 6121 §3.1. */
import { Actor, ping } from './actor.ts'
import type { Stagehouse } from './actor.ts'
import { parseOptions } from './play-parser.ts'
import type { Given } from './play-parser.ts'
import type { StageNames } from './stage-names.ts'

/** Makes it true. @throws {PlayError} the server does not let us */
export async function setGiven(given: Given, house: Stagehouse, names: StageNames): Promise<void> {
  await follow(given.first, given.second, account => stagehand(account, house, names))
  if (given.kind === 'friends') await follow(given.second, given.first, account => stagehand(account, house, names))
}

/** Subscribes `follower` to the presence of `leader`. */
async function follow(follower: string, leader: string, hire: (account: string) => Actor): Promise<void> {
  const first = hire(follower)
  const second = hire(leader)
  try {
    await first.enter()
    await second.enter()
    await first.send(`<presence type='subscribe' to='${leader}'/>`)
    await first.ask(ping(leader))
    await second.ask(ping(second.domain))
    await second.send(`<presence type='subscribed' to='${follower}'/>`)
    await second.ask(ping(follower))
    await first.ask(ping(first.domain))
    await Promise.all([leave(first), leave(second)])
  } finally {
    first.wire?.cut()
    second.wire?.cut()
  }
}

/** A session without presence, so that nobody sees it come and go. */
function stagehand(account: string, house: Stagehouse, names: StageNames): Actor {
  const member = { name: `${account}/stagehand`, account, resource: 'stagehand', ...parseOptions('no presence', 0) }
  return new Actor(member, house, names, new Map())
}

async function leave(actor: Actor): Promise<void> {
  await actor.send('</stream:stream>')
  for (;;) {
    const item = await actor.next()
    if (!item || item.kind === 'close' || item.kind === 'end') return
  }
}
