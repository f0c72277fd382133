// CPU time of a SCRAM login on the server with stored keys: the verification of the proof, and both steps together.
// pnpm exec node --conditions=@tercet/source packages/sasl/bench/scram.bench.ts
import {
  clientMechanism,
  deriveScramKeys,
  serverMechanism,
  type ScramCache,
  type ServerContext,
  type ServerMechanism,
  type ServerStep,
} from '@tercet/sasl'

const BATCH = 2000
const ROUNDS = 13
const WARM_UP = 2

for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
  const name = `SCRAM-${hash}`
  const keys = await deriveScramKeys('pencil', hash, crypto.getRandomValues(new Uint8Array(16)), 4096)
  const context: ServerContext = {
    credentials: {
      scramKeys: () => keys,
      verifyPassword: () => false,
      fakeSaltSecret: new Uint8Array(16),
      iterations: 4096,
    },
    channelBindings: [],
    plusOffered: false,
    offeredMechanisms: [name],
    allowAuthzid: () => false,
  }
  const clientOf = (scramCache: ScramCache) =>
    clientMechanism(name, {
      offered: [name],
      secure: true,
      credentials: { username: 'user', password: 'pencil', scramCache },
    })

  // One login for good, so that the other clients need no PBKDF2.
  const scramCache: ScramCache = {}
  const client = clientOf(scramCache)
  const server = serverMechanism(name, context)!
  const final = await client.challenge(dataOf(now(server.respond(await client.initial()))))
  await client.success(dataOf(now(server.respond(final))))

  const verification: number[] = []
  const both: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const clients = Array.from({ length: BATCH }, () => clientOf({ ...scramCache }))
    const initials: Uint8Array[] = []
    for (const client of clients) initials.push((await client.initial())!)
    const servers: ServerMechanism[] = []
    const challenges: ServerStep[] = []
    const first = spent(() => {
      for (const initial of initials) {
        const server = serverMechanism(name, context)!
        servers.push(server)
        challenges.push(now(server.respond(initial)))
      }
    })
    const finals: Uint8Array[] = []
    for (const [at, client] of clients.entries()) finals.push(await client.challenge(dataOf(challenges[at]!)))
    const outcomes: ServerStep[] = []
    const second = spent(() => {
      for (const [at, server] of servers.entries()) outcomes.push(now(server.respond(finals[at])))
    })
    if (outcomes.some(step => step.kind !== 'success')) throw new Error('A login failed')
    if (round < WARM_UP) continue
    verification.push(second / BATCH)
    both.push((first + second) / BATCH)
  }
  print(`${name} verification`, verification)
  print(`${name} both steps`, both)
}

/** The step itself: on Node no step of the server waits. */
function now(step: ServerStep | Promise<ServerStep>): ServerStep {
  if (step instanceof Promise) throw new Error('A step was not synchronous')
  return step
}

function dataOf(step: ServerStep): Uint8Array {
  if (step.kind === 'failure' || step.data === undefined) throw new Error('A login failed')
  return step.data
}

/** CPU time of the whole process, helper threads and collection included, in µs. */
function spent(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function print(title: string, values: number[]): void {
  values.sort((a, b) => a - b)
  const median = values[values.length >> 1]!
  console.log(`${title.padEnd(28)} ${median.toFixed(1)} µs CPU (min ${values[0]!.toFixed(1)})`)
}
