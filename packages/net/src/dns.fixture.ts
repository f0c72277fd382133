/** A name server on loopback for tests: answers SRV, A, AAAA and TLSA from a table, over UDP (RFC 1035 §4). */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import type { SrvRecord, TlsaRecord } from './resolve.ts'

const TYPE = { 1: 'A', 28: 'AAAA', 33: 'SRV', 52: 'TLSA' } as const

type Entry = string | SrvRecord | TlsaRecord

/** Records by `TYPE name`; `'refuse'` answers with an error code, an absent entry with "no such name". */
export type Zone = Readonly<Record<string, readonly Entry[] | 'refuse'>>

/** Starts the server; `queries` lists what was asked. */
export async function nameServer(zone: Zone) {
  const socket = createSocket('udp4')
  const queries: string[] = []
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query)
    const asked = `${TYPE[type as keyof typeof TYPE]} ${name}`
    queries.push(asked)
    const records = zone[asked]
    const answers = records === 'refuse' || records === undefined ? [] : records.map(record => answer(type, record))
    const code = records === 'refuse' ? 2 : records === undefined ? 3 : 0
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x8180 | code, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(answers.length, 6)
    socket.send(Buffer.concat([header, query.subarray(12, end), ...answers]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    servers: [`127.0.0.1:${socket.address().port}`],
    queries,
    [Symbol.dispose]: () => void socket.close(),
  }
}

function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function answer(type: number, record: Entry): Buffer {
  const data = bytesOf(record)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0) // the name of the question
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(60, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function bytesOf(record: Entry): Buffer {
  if (typeof record === 'string') return addressBytes(record)
  if ('host' in record) return srvBytes(record)
  return Buffer.concat([Buffer.of(record.usage, record.selector, record.match), record.data])
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  if (address !== '::1') throw new Error('of IPv6 this server knows ::1')
  return Buffer.concat([Buffer.alloc(15), Buffer.of(1)])
}

function srvBytes({ priority, weight, port, host }: SrvRecord): Buffer {
  const head = Buffer.alloc(6)
  head.writeUInt16BE(priority, 0)
  head.writeUInt16BE(weight, 2)
  head.writeUInt16BE(port, 4)
  const labels = host.split('.').filter(label => label !== '')
  return Buffer.concat([
    head,
    ...labels.map(label => Buffer.from(String.fromCharCode(label.length) + label)),
    Buffer.of(0),
  ])
}
