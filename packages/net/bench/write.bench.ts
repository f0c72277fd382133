/**
 * What a write of text costs by encoding: UTF-8 as it is, Latin-1 for text known to be ASCII, and Latin-1 after a look.
 *
 *   pnpm exec node --conditions=@tercet/source packages/net/bench/write.bench.ts
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { TLSSocket, connect as connectTls, createSecureContext } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { selfSigned } from '../src/index.ts'

const WRITES = 60_000
const STANZAS_PER_WRITE = [1, 3, 8]
const stanza = `<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat' id='m1'><body>${'x'.repeat(300)}</body></message>`

const encodings: Readonly<Record<string, (socket: Socket, text: string) => boolean>> = {
  utf8: (socket, text) => socket.write(text),
  latin1: (socket, text) => socket.write(text, 'latin1'),
  'latin1 after a look': (socket, text) => socket.write(text, /^[\0-\x7f]*$/.test(text) ? 'latin1' : 'utf8'),
  'latin1 when as many bytes as characters': (socket, text) =>
    socket.write(text, Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8'),
  'Buffer.from': (socket, text) => socket.write(Buffer.from(text)),
}

const [, , role, port] = process.argv
if (role === 'drain') drain(Number(port))
else await measure()

/** The far end, in a process of its own so that its work is not counted. */
function drain(to: number): void {
  const plain = connect(to, '127.0.0.1')
  plain.once('data', kind => {
    plain.write('ready')
    if (kind.toString() === 'plain') plain.resume()
    else connectTls({ socket: plain, rejectUnauthorized: false }).resume()
  })
}

async function measure(): Promise<void> {
  const secureContext = createSecureContext(selfSigned({ domains: ['a.test'] }))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (const kind of ['plain', 'tls']) {
    fork(fileURLToPath(import.meta.url), ['drain', String((server.address() as AddressInfo).port)])
    const [raw] = (await once(server, 'connection')) as [Socket]
    raw.setNoDelay(true)
    raw.write(kind)
    await once(raw, 'data')
    const socket = kind === 'plain' ? raw : new TLSSocket(raw, { isServer: true, secureContext })
    if (socket !== raw) await once(socket, 'secure')
    for (const count of STANZAS_PER_WRITE) {
      const text = stanza.repeat(count)
      for (const round of ['warm', 'first', 'second']) {
        for (const [name, write] of Object.entries(encodings)) {
          const cpu = process.cpuUsage()
          for (let index = 0; index < WRITES / count; index++) if (!write(socket, text)) await once(socket, 'drain')
          const { user, system } = process.cpuUsage(cpu)
          const us = ((user + system) * count) / WRITES
          if (round !== 'warm') console.log(`${kind} ${text.length} chars, ${name}: ${us.toFixed(2)} µs a write`)
        }
      }
    }
  }
  process.exit()
}
