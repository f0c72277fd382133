import { expect, test } from 'vitest'
import { earlyAcknowledgement, slowCommit } from '../crash/switches.ts'
import { simulate } from './simulate.ts'

const long = process.env['TERCET_LONG'] !== undefined
const messages = long ? 10_000 : 600
const kills = long ? 20 : 3
// Some links break in each life of the server, also where it does not take long.
const linkMs = long ? 400 : 100

test.each(['step by step', 'at once'] as const)(
  `two devices that log in %s, ${messages} messages each way, the server killed ${kills} times: each holds each message once and in order`,
  async login => {
    const outcome = await simulate({ messages, kills, linkMs, login })
    const { lost, doubled, disorder, errors, resumed, fresh, byToken, refused } = outcome
    console.log(
      `log in ${login}: ${messages} messages each way, server killed ${kills} times, ${resumed} resumptions, ` +
        `${fresh} fresh logins, ${byToken} of all by token: ` +
        `lost ${lost.length}, doubled ${doubled.length}, out of order ${disorder.length}, tokens refused ${refused}`,
    )
    expect({ lost, doubled, disorder, errors }).toEqual({ lost: [], doubled: [], disorder: [], errors: [] })
    expect(resumed).toBeGreaterThan(0)
    expect(fresh).toBeGreaterThan(3)
    // A token outlives the server that gave it, and the link on which it came.
    expect(refused).toBe(0)
    // Each of the three devices has shown its password once.
    if (login === 'at once') expect(byToken).toBe(resumed + fresh - 3)
  },
  3_000_000,
)

test('the same look is red when stanzas are acknowledged before the commit', async () => {
  const preload = [earlyAcknowledgement, slowCommit]
  const { lost } = await simulate({ messages: 300, kills: 3, linkMs: 400, login: 'at once', preload })
  console.log(`acknowledged too early: lost ${lost.length}`)
  expect(lost).not.toEqual([])
})
