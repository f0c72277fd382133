// CPU time of Jid.parse against @xmpp/jid, one run, one process.
// Run: pnpm exec node --conditions=@tercet/source packages/jid/bench/parse.bench.ts

import { Jid } from '@tercet/jid'
// @ts-expect-error it comes without types
import { parse as untyped } from '@xmpp/jid'

const parseOther = untyped as (text: string) => { readonly domain: string }

const ROUNDS = 9
const OPERATIONS = 60_000

/** As a stream would hand it over: a flat string of its own that nobody has hashed yet. */
function arrived(text: string): string {
  return Buffer.from(text).toString()
}

/** Addresses of a running server: the same few hundred, again and again. */
function recurring(): string[] {
  return Array.from({ length: OPERATIONS }, (_, index) =>
    arrived(`user${index % 500}@example.com/phone.${index % 500}`),
  )
}

/** Never the same text twice in the whole run. */
let serial = 0
function fresh(make: (id: string) => string): string[] {
  return Array.from({ length: OPERATIONS }, () => arrived(make((serial++).toString(36))))
}

const corpora: [name: string, texts: () => string[]][] = [
  ['cached', recurring],
  ['uncached ASCII, full', () => fresh(id => `user-${id}@example.com/phone.${id}`)],
  ['uncached ASCII, bare', () => fresh(id => `user-${id}@example.com`)],
  ['uncached ASCII, upper case', () => fresh(id => `User-${id}@Example.COM/Phone`)],
  ['uncached, non-ASCII resource', () => fresh(id => `user-${id}@example.com/Телефон ${id}`)],
  ['uncached, non-ASCII local', () => fresh(id => `юлия-${id}@example.com/phone`)],
  ['uncached, non-ASCII domain', () => fresh(id => `user-${id}@bücher-${id}.example`)],
  ['mixed: 90 cached, 8 ASCII, 2 not', mixed],
]

function mixed(): string[] {
  const texts = recurring()
  for (let index = 0; index < texts.length; index += 100) {
    for (let offset = 0; offset < 8; offset++) texts[index + offset] = arrived(`new-${serial++}@example.net/phone`)
    for (let offset = 8; offset < 10; offset++) texts[index + offset] = arrived(`новый-${serial++}@example.net/phone`)
  }
  return texts
}

/** CPU nanoseconds an operation. */
function measure(texts: readonly string[], parse: (text: string) => { readonly domain: string }): number {
  let octets = 0
  const start = process.cpuUsage()
  for (const text of texts) octets += parse(text).domain.length
  const { user, system } = process.cpuUsage(start)
  if (octets === 0) throw new Error('nothing parsed')
  return ((user + system) * 1_000) / texts.length
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!
}

console.log(`Node ${process.versions.node}, ${OPERATIONS} operations a round, median of ${ROUNDS} rounds, CPU time`)
console.log('corpus'.padEnd(34), '@tercet/jid'.padStart(14), '@xmpp/jid'.padStart(14), 'ratio'.padStart(8))
for (const [name, texts] of corpora) {
  const ours: number[] = []
  const others: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const forUs = texts()
    const forThem = texts()
    const our = measure(forUs, Jid.parse)
    const other = measure(forThem, parseOther)
    if (round === 0) continue // warming up
    ours.push(our)
    others.push(other)
  }
  const our = median(ours)
  const other = median(others)
  console.log(
    name.padEnd(34),
    `${our.toFixed(0)} ns`.padStart(14),
    `${other.toFixed(0)} ns`.padStart(14),
    `${(other / our).toFixed(2)}×`.padStart(8),
  )
}
