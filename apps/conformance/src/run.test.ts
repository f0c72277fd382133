// Performs every play on the server named by TERCET_PLAYS_SERVER: tercet (default) or prosody.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountsOf, componentsOf, perform, RemoteDoor, remotesOf, stageNames } from '@tercet/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { makeAuthority, makeCertificate, type Authority } from './certificate.ts'
import { readDisagreements } from './disagreements.ts'
import { makeIssuer } from './issuer.ts'
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
let authority: Authority
let certificate: { certificateFile: string; keyFile: string }
let issuer: Awaited<ReturnType<typeof makeIssuer>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plays-'))
  certificate = await makeCertificate(folder)
  authority = await makeAuthority(folder)
  issuer = await makeIssuer(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

for (const group of groups.values()) {
  const needs = group[0]?.server ?? {}
  describe.concurrent(`${name} ${JSON.stringify(needs)}`, () => {
    let launching: Promise<ServerUnderTest> | undefined
    let server: ServerUnderTest | undefined
    const doors = new Map<string, RemoteDoor>()
    const credentials = new Map<string, { cert: string; key: string }>()
    beforeAll(async () => {
      const accounts = group.flatMap(play => accountsOf(play, play.index))
      for (const play of group) {
        for (const domain of remotesOf(play, play.index)) doors.set(domain, await RemoteDoor.open())
        for (const { shows: kind, domain } of play.cast) {
          const [wire] = domain === undefined || kind === 'none' ? [] : [stageNames(play.index).toWire(domain)]
          if (wire === undefined || kind === 'none') continue
          if (play.steps.some(step => /TLS|secures/.test(step.verb)) || play.cast.some(it => it.stage === 'secured'))
            credentials.set(`${kind} ${wire}`, await issuer.credential(kind, wire))
        }
      }
      const remotes = new Map([...doors].map(([domain, { port }]) => [domain, port]))
      const options = {
        needs,
        components: group.flatMap(play => componentsOf(play, play.index)),
        accounts,
        password,
        remotes,
        caFile: issuer.caFile,
        ...certificate,
        clientCaFile: authority.caFile,
      }
      // A port that was free a moment ago may be taken when the server comes to it.
      launching = launch(options).catch(() => launch(options))
      server = await launching
    }, 120_000)
    // Even one that came too late for its plays is ended.
    afterAll(async () => {
      for (const door of doors.values()) door.close()
      await launching?.then(
        late => late.stop(),
        () => undefined,
      )
    }, 120_000)

    for (const play of group) {
      const run = expectedToFail.has(play.file) ? test.fails : test
      run(`${play.rule} ${play.title} (${play.spec}) ${play.file}`, async () => {
        if (!server) throw new Error('the server did not start')
        const { house, restart } = server
        const credential = (kind: string, domain: string) => credentials.get(`${kind} ${domain}`)
        const certify = (addresses: readonly string[]) => authority.certify(addresses)
        const stage = {
          ...house,
          certify,
          doors,
          credential,
          ...(expectedToFail.has(play.file) && { patienceMs: 2000 }),
        }
        await perform(play, { house: stage, index: play.index, restart })
      })
    }
  })
}
