// Performs every play on the server named by TERCET_PLAYS_SERVER: tercet (default) or prosody.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountsOf, perform } from '@tercet/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { makeCertificate } from './certificate.ts'
import { readDisagreements } from './disagreements.ts'
import { readPlays } from './plays.ts'
import { launch as prosody } from './servers/prosody.ts'
import type { ServerUnderTest } from './servers/server-under-test.ts'
import { launch as tercet } from './servers/tercet.ts'

const name = process.env['TERCET_PLAYS_SERVER'] ?? 'tercet'
const launch = name === 'prosody' ? prosody : tercet
const password = 'secret'
const expectedToFail = new Set(name === 'prosody' ? readDisagreements().map(entry => entry.play) : [])

const plays = readPlays().map((play, index) => ({ ...play, index }))

/** Plays with the same needs share a server; one that restarts it has its own. */
const groups = Map.groupBy(plays, play => {
  const restarts = play.steps.some(step => step.verb === 'server restarts')
  return JSON.stringify([play.server, restarts ? play.file : ''])
})

let folder: string
let certificate: { certificateFile: string; keyFile: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plays-'))
  certificate = await makeCertificate(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

for (const group of groups.values()) {
  const needs = group[0]?.server ?? {}
  describe.concurrent(`${name} ${JSON.stringify(needs)}`, () => {
    let launching: Promise<ServerUnderTest> | undefined
    let server: ServerUnderTest | undefined
    beforeAll(async () => {
      const accounts = group.flatMap(play => accountsOf(play, play.index))
      const options = { needs, accounts, password, ...certificate }
      // A port that was free a moment ago may be taken when the server comes to it.
      launching = launch(options).catch(() => launch(options))
      server = await launching
    }, 120_000)
    // Even one that came too late for its plays is ended.
    afterAll(
      () =>
        launching?.then(
          late => late.stop(),
          () => undefined,
        ),
      120_000,
    )

    for (const play of group) {
      const run = expectedToFail.has(play.file) ? test.fails : test
      run(`${play.rule} ${play.title} (${play.spec}) ${play.file}`, async () => {
        if (!server) throw new Error('the server did not start')
        const { house, restart } = server
        await perform(play, { house, index: play.index, restart })
      })
    }
  })
}
