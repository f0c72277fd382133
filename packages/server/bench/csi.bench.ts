/**
 * What client state indication spares a phone in a busy hour: bytes, writes, and how often its radio wakes up.
 * pnpm exec node --conditions=@tercet/source packages/server/bench/csi.bench.ts
 */

import { startFixture } from '../src/fixture.ts'
import { busyHour, type Arrival } from './busy-hour.ts'

/** After the last byte a radio stays awake for so long. */
const TAIL_SECONDS = 10

interface Cost {
  readonly stanzas: number
  readonly bytes: number
  readonly writes: number
  readonly wakeUps: number
  /** Seconds for which the radio is awake. */
  readonly awake: number
}

const hour = busyHour()
const scenes: readonly [string, readonly Arrival[]][] = [
  ['the whole hour', hour],
  ['without the rooms', hour.filter(({ kind }) => !kind.startsWith('room'))],
  ['nobody writes', hour.filter(({ kind }) => kind === 'presence' || kind === 'pep' || kind === 'room presence')],
]
console.log(`${hour.length} stanzas in an hour; a radio stays awake for ${TAIL_SECONDS} s after each write`)
console.log('| scene | client is | stanzas | bytes | writes | wake-ups | radio awake |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const [name, arrivals] of scenes)
  for (const state of ['active', 'inactive'] as const) {
    const { stanzas, bytes, writes, wakeUps, awake } = await measure(arrivals, state)
    console.log(`| ${name} | ${state} | ${stanzas} | ${bytes} | ${writes} | ${wakeUps} | ${Math.round(awake / 36)} % |`)
  }

async function measure(arrivals: readonly Arrival[], state: 'active' | 'inactive'): Promise<Cost> {
  await using fixture = await startFixture()
  const phone = await fixture.login('juliet@a.test/phone')
  phone.send(`<enable xmlns='urn:xmpp:sm:3'/><presence/><${state} xmlns='urn:xmpp:csi:0'/>`)
  // Confirms at once, as phones do, which costs both cases the same.
  phone.filter = () => true
  await settled()
  const [session] = [...fixture.server.sessions()]
  const transport = session!.stream!.transport
  const write = transport.write.bind(transport)
  let second = 0
  let stanzas = 0
  let bytes = 0
  const times: number[] = []
  transport.write = data => {
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
    stanzas += text.match(/<(message|presence|iq) (?!xmlns='jabber:client')/g)?.length ?? 0
    bytes += Buffer.byteLength(text)
    times.push(second)
    return write(data)
  }
  for (const { atSecond, xml } of arrivals) {
    second = atSecond
    fixture.afar.sends(xml)
    await settled()
    session!.outgoing.confirm(session!.outbox.sent!.sent)
  }
  // The user takes the phone out at the end, and gets what waited.
  second = 3600
  phone.send("<active xmlns='urn:xmpp:csi:0'/>")
  await settled()
  return { stanzas, bytes, writes: times.length, ...radio(times) }
}

function radio(times: readonly number[]): { wakeUps: number; awake: number } {
  let wakeUps = 0
  let awake = 0
  let until = -1
  for (const time of times) {
    if (time > until) wakeUps++
    awake += time + TAIL_SECONDS - Math.max(time, until)
    until = time + TAIL_SECONDS
  }
  return { wakeUps, awake }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}
