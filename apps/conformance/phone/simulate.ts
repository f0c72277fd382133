/** Two devices of one person talk with somebody over bad links while the server is killed again and again. */

import { setTimeout as sleep } from 'node:timers/promises'
import { ServerProcess } from '../crash/server-process.ts'
import { until } from '../crash/within.ts'
import { Device } from './device.ts'
import { Installation, stepByStep } from './login.ts'
import type { Seen } from './wire.ts'

/** How much happens. */
export interface Simulation {
  /** Messages each way. */
  readonly messages: number
  readonly kills: number
  /** How many milliseconds a link lasts, at most, and a sleep. */
  readonly linkMs: number
  /** See `login.ts`. */
  readonly login: 'at once' | 'step by step'
  /** Switches that break a promise of the server; default none. */
  readonly preload?: readonly URL[]
}

/** What every device ended with. */
export interface Outcome {
  /** Of somebody's messages on some device: they are nowhere. */
  readonly lost: string[]
  /** The same message under two ids. */
  readonly doubled: string[]
  /** A message that stands after a later one of its sender. */
  readonly disorder: string[]
  readonly resumed: number
  readonly fresh: number
  /** Logins by a token, and tokens that were not taken. */
  readonly byToken: number
  readonly refused: number
  readonly errors: string[]
}

/** Runs it and looks at what each device holds. */
export async function simulate({ messages, kills, linkMs, login, preload = [] }: Simulation): Promise<Outcome> {
  await using server = await ServerProcess.prepare([{ local: 'alice' }, { local: 'bob' }], { preload })
  await server.start()
  const half = messages / 2
  const installations: Installation[] = []
  const device = (local: string, resource: string, peer: string, messages: number): Device => {
    if (login === 'step by step') return new Device({ local, resource, peer, messages, logIn: stepByStep })
    const installation = new Installation()
    installations.push(installation)
    return new Device({ local, resource, peer, messages, logIn: installation.logIn })
  }
  const devices = [
    device('alice', 'phone', 'bob@a.test', half),
    device('alice', 'tablet', 'bob@a.test', half),
    device('bob', 'desk', 'alice@a.test', messages),
  ]
  const all = (holds: (device: Device) => boolean) => devices.every(holds)
  const end = new AbortController()
  const over = (): boolean => end.signal.aborted
  const lives = devices.map(async device => {
    while (!over()) {
      if (!device.connected) await attempt(device, server.port, Math.random() < 0.6 ? 'resume' : 'fresh')
      await sleep(Math.random() * linkMs)
      if (over() || (device.finished && Math.random() < 0.5)) continue
      device.cut()
      await sleep(Math.random() * (Math.random() < 0.2 ? linkMs : 30))
    }
  })
  try {
    const sent = () => devices.reduce((sum, device) => sum + device.sent, 0)
    for (let kill = 1; kill <= kills; kill++) {
      const due = (messages * 2 * kill) / (kills + 1)
      await until(600_000, 'Messages flow', () => sent() >= due)
      await server.kill()
      await server.start()
    }
    await until(600_000, 'Everything is sent', () => all(({ finished }) => finished))
  } finally {
    end.abort()
    await Promise.all(lives)
  }
  // Whoever has no link has one last look.
  for (const device of devices) {
    device.cut()
    await until(60_000, 'A last login', () => attempt(device, server.port, 'fresh'))
  }
  await until(60_000, 'All is quiet', () => all(device => device.finished))
  return {
    ...judge(devices, await audits(server)),
    byToken: installations.reduce((sum, { byToken }) => sum + byToken, 0),
    refused: installations.reduce((sum, { refused }) => sum + refused, 0),
  }
}

async function attempt(device: Device, port: number, how: 'resume' | 'fresh'): Promise<boolean> {
  try {
    await device.connect(port, how)
    return true
  } catch {
    // The server is away, or the link was cut: next time.
    device.cut()
    return false
  }
}

/** A device that was never there reads each archive as a whole. */
async function audits(server: ServerProcess): Promise<Device[]> {
  return Promise.all(
    ['alice', 'bob'].map(async local => {
      const device = new Device({ local, resource: 'new', peer: '', messages: 0, logIn: stepByStep })
      await device.connect(server.port, 'fresh')
      device.cut()
      return device
    }),
  )
}

function judge(devices: readonly Device[], audits: readonly Device[]): Omit<Outcome, 'byToken' | 'refused'> {
  const outcome = { lost: [] as string[], doubled: [] as string[], disorder: [] as string[] }
  for (const holder of [...devices, ...audits]) {
    // What it has sent itself it knows of, archived or not.
    const others = holder.list.filter(({ name }) => !name.startsWith(`${holder.name}-`))
    inspect(holder.name, others, outcome)
    const names = new Set(others.map(({ name }) => name))
    for (const { name: sender, sent } of devices) {
      if (sender === holder.name) continue
      for (let number = 1; number <= sent; number++)
        if (!names.has(`${sender}-${number}`)) outcome.lost.push(`${sender}-${number} on ${holder.name}`)
    }
  }
  return {
    ...outcome,
    resumed: devices.reduce((sum, { resumed }) => sum + resumed, 0),
    fresh: devices.reduce((sum, { fresh }) => sum + fresh, 0),
    errors: devices.flatMap(({ errors }) => errors),
  }
}

function inspect(holder: string, list: readonly Seen[], { doubled, disorder }: Pick<Outcome, 'doubled' | 'disorder'>) {
  const names = new Set<string>()
  const last = new Map<string, number>()
  for (const { name } of list) {
    if (names.has(name)) doubled.push(`${name} on ${holder}`)
    names.add(name)
    const [sender = '', number = ''] = name.split('-')
    if (Number(number) < (last.get(sender) ?? 0)) disorder.push(`${name} on ${holder}`)
    last.set(sender, Number(number))
  }
}
