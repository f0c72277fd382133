/** What goes wrong between two servers while their users write to each other. */

import { waitFor } from '../wait.ts'
import type { Users } from './clients.ts'
import { isCut } from './confirmed.ts'
import { S2S_PORT } from './dns.ts'
import { between } from './network.ts'
import type { FederatedServer, World } from './server.ts'

/** Who is on the stage. */
export interface Stage {
  readonly world: World
  readonly users: Users
  readonly ours: FederatedServer
  readonly peer: FederatedServer
  /** Longer than our servers wait for a confirmation, so that they give up streams. */
  readonly longMs: number
}

/** Whose messages are counted. */
export type Direction = 'to the peer' | 'from the peer'

/** The messages of a fault. */
export interface Traffic {
  /** Sends all of them, and waits until they are promised or cannot be any more. */
  all(): Promise<void>
  /** When a tenth is promised. */
  flowing(): Promise<void>
  /** Sends one more each way, which nobody counts and nobody waits for. */
  poke(): Promise<void>
}

/** What goes wrong, and when. */
export interface Fault {
  readonly name: string
  readonly directions: readonly Direction[]
  /** Whose processes end. Who reads there comes when all is over: how a client's stream ends is not what is counted. */
  readonly dies?: 'ours' | 'peer'
  around(stage: Stage, traffic: Traffic): Promise<void>
}

const bothWays: readonly Direction[] = ['to the peer', 'from the peer']

export const faults: readonly Fault[] = [
  { name: 'none', directions: bothWays, around: (_, traffic) => traffic.all() },
  {
    name: 'peer hangs',
    directions: bothWays,
    async around({ peer, longMs }, traffic) {
      await meanwhile(traffic, async () => {
        signal(peer, 'SIGSTOP')
        await pause(longMs)
        signal(peer, 'SIGCONT')
      })
    },
  },
  {
    name: 'peer killed',
    directions: ['to the peer'],
    dies: 'peer',
    async around({ peer }, traffic) {
      await meanwhile(traffic, () => peer.kill())
      await peer.start()
    },
  },
  {
    name: 'peer restarted',
    directions: ['to the peer'],
    dies: 'peer',
    async around({ peer }, traffic) {
      await meanwhile(traffic, () => peer.kill('SIGTERM'))
      await peer.start()
    },
  },
  {
    name: 'no DNS for 2 s',
    directions: bothWays,
    async around(stage, traffic) {
      await stage.world.dns.stop()
      await sever(stage, traffic)
      await traffic.all()
      await pause(2_000)
      await stage.world.dns.publish(stage.world.addresses)
    },
  },
  {
    name: 'DNS changes',
    directions: bothWays,
    async around(stage, traffic) {
      const { world, peer } = stage
      // Nobody is at that address.
      const nowhere = world.addresses[peer.name].replace(/\d+$/u, '99')
      await world.dns.publish({ ...world.addresses, [peer.name]: nowhere })
      await sever(stage, traffic)
      await traffic.all()
      await pause(2_000)
      await world.dns.publish(world.addresses)
    },
  },
  {
    // Theirs arrive, and so does nothing that we answer: not even that the bytes were read.
    name: 'our packets dropped',
    directions: bothWays,
    around: (stage, traffic) => dropped(stage, stage.ours, stage.peer, traffic),
  },
  {
    name: 'their packets dropped',
    directions: bothWays,
    around: (stage, traffic) => dropped(stage, stage.peer, stage.ours, traffic),
  },
  {
    name: 'our kill -9, sending',
    directions: ['to the peer'],
    dies: 'ours',
    async around({ ours }, traffic) {
      await meanwhile(traffic, () => ours.kill())
      await ours.start()
    },
  },
  {
    name: 'our kill -9, peer hangs',
    directions: ['to the peer'],
    dies: 'ours',
    async around({ ours, peer }, traffic) {
      signal(peer, 'SIGSTOP')
      await traffic.all()
      await ours.kill()
      signal(peer, 'SIGCONT')
      await ours.start()
    },
  },
  {
    name: 'our kill -9, receiving',
    directions: ['from the peer'],
    dies: 'ours',
    async around({ ours }, traffic) {
      await meanwhile(traffic, () => ours.kill())
      await ours.start()
    },
  },
]

/** Does it while messages flow. */
async function meanwhile(traffic: Traffic, act: () => Promise<void>): Promise<void> {
  const sending = traffic.all()
  await traffic.flowing()
  await act()
  await sending
}

async function dropped(
  { world, longMs }: Stage,
  from: FederatedServer,
  to: FederatedServer,
  traffic: Traffic,
): Promise<void> {
  await world.network.bar(between(from.address('external'), to.address('external'), S2S_PORT), 'dropped')
  const sending = traffic.all()
  await pause(longMs)
  await world.network.clear()
  await sending
}

/** Ends all streams between the two by resets: whoever sends finds that out. */
async function sever({ world, ours, peer }: Stage, traffic: Traffic): Promise<void> {
  const [near, far] = [ours.address('external'), peer.address('external')]
  await world.network.bar([...between(near, far, S2S_PORT), ...between(far, near, S2S_PORT)], 'reset')
  try {
    await traffic.poke()
    await waitFor('all streams are cut', async () => (await isCut(ours, peer)) && (await isCut(peer, ours)))
  } finally {
    await world.network.clear()
  }
}

function signal(server: FederatedServer, name: NodeJS.Signals): void {
  for (const pid of server.pids) process.kill(pid, name)
}

/** How long a fault lasts is what it is about. */
function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
