/** A name server for plays, over UDP (RFC 1035 §4): it knows the other servers that a play wants to be found by it, and nobody else. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const A = 1
const SRV = 33

/** A running one. */
export interface NameServer {
  readonly port: number
  close(): void
}

/** Starts it; `remotes` are ports on 127.0.0.1 by domain, found under `service`, such as `_xmpp-server`. */
export async function nameServer(service: string, remotes: ReadonlyMap<string, number>): Promise<NameServer> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query)
    const port = remotes.get(name.replace(`${service}._tcp.`, ''))
    const host = remotes.has(name.replace('host.', ''))
    const answers: Buffer[] = []
    if (type === SRV && port !== undefined)
      answers.push(record(type, srv(port, `host.${name.slice(name.indexOf('_tcp.') + 5)}`)))
    if (type === A && host) answers.push(record(type, Buffer.of(127, 0, 0, 1)))
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(answers.length > 0 || host ? 0x8180 : 0x8183, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(answers.length, 6)
    socket.send(Buffer.concat([header, query.subarray(12, end), ...answers]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, close: () => void socket.close() }
}

function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0) // the name of the question
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function srv(port: number, host: string): Buffer {
  const head = Buffer.alloc(6)
  head.writeUInt16BE(port, 4)
  const labels = host.split('.').map(label => Buffer.from(String.fromCharCode(label.length) + label))
  return Buffer.concat([head, ...labels, Buffer.of(0)])
}
