/**
 * Memory of an idle connection: the slope of RSS and of the JS heap between N/4 and N connections, ours beside bare Node.
 *
 *   pnpm exec node --conditions=@tercet/source packages/net/bench/idle.bench.ts
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls, createServer as createSecureServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { TransportSink } from '@tercet/stream'
import { listen, selfSigned, serverTls } from '../src/index.ts'

const PLAIN = 4_000
const TLS = 1_000

/** One sink for all: only what a transport costs is counted. */
const sink: TransportSink = { chunk: ignore, drained: ignore, ended: ignore, closed: ignore }

const modes: Readonly<Record<string, { connections: number; open: (accepted: () => void) => Promise<number> }>> = {
  'net.Socket': { connections: PLAIN, open: bare },
  TcpTransport: { connections: PLAIN, open: accepted => ours(accepted, false) },
  'tls.TLSSocket': { connections: TLS, open: bareTls },
  'TcpTransport, TLS': { connections: TLS, open: accepted => ours(accepted, true) },
  'TcpTransport, TLS with X25519': { connections: TLS, open: accepted => ours(accepted, true, 'X25519:P-256') },
}

const [, script = '', role, argument = '', port = ''] = process.argv
if (role === undefined) await report()
else if (role === 'serve') await serve(argument)
else await hold(argument, Number(port))

async function report(): Promise<void> {
  console.log(`Node ${process.version}, slope between N/4 and N idle connections, KiB each`)
  for (const mode of Object.keys(modes)) {
    const server = fork(fileURLToPath(import.meta.url), ['serve', mode], {
      execArgv: [...process.execArgv, '--expose-gc'],
    })
    await once(server, 'exit')
  }
}

/** Measures itself while a child of its own holds the other ends. */
async function serve(mode: string): Promise<void> {
  const { connections, open } = modes[mode]!
  let count = 0
  let reached: (() => void) | undefined
  const port = await open(() => {
    count++
    reached?.()
  })
  const holder = fork(script, ['hold', mode, String(port)])
  const grownTo = async (total: number) => {
    holder.send(total)
    while (count < total) await new Promise<void>(resolve => (reached = resolve))
    // Let what the last connections left behind be collected.
    for (let round = 0; round < 5; round++) {
      globalThis.gc?.()
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    return process.memoryUsage()
  }
  const few = await grownTo(connections / 4)
  const cpu = process.cpuUsage()
  const many = await grownTo(connections)
  const { user, system } = process.cpuUsage(cpu)
  const added = (connections * 3) / 4
  const kib = (bytes: number) => (bytes / 1024 / added).toFixed(2)
  const line = `${mode.padEnd(29)} N ${connections}  RSS ${kib(many.rss - few.rss)}  JS heap ${kib(many.heapUsed - few.heapUsed)}`
  console.log(`${line}  accept ${((user + system) / added).toFixed(0)} µs CPU`)
  holder.kill()
  process.exit()
}

/** Opens connections up to the totals that it is told. */
async function hold(mode: string, port: number): Promise<void> {
  const sockets: Socket[] = []
  for await (const [total] of totals()) {
    while (sockets.length < total) {
      const secure = mode.includes('TLS')
      const socket = secure
        ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
        : connect(port, '127.0.0.1')
      socket.resume()
      await once(socket, secure ? 'secureConnect' : 'connect')
      sockets.push(socket)
    }
  }
}

async function* totals(): AsyncGenerator<[number]> {
  while (true) yield (await once(process, 'message')) as [number]
}

function ignore(): void {}

async function bare(accepted: () => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    socket.on('error', ignore).on('close', ignore).on('data', ignore).on('end', ignore).on('drain', ignore)
    accepted()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function bareTls(accepted: () => void): Promise<number> {
  const server = createSecureServer({ ...selfSigned({ domains: ['a.test'] }), noDelay: true } as object, socket => {
    socket.on('error', ignore).on('close', ignore).on('data', ignore).on('end', ignore).on('drain', ignore)
    accepted()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function ours(accepted: () => void, secure: boolean, ecdhCurve?: string): Promise<number> {
  const contexts = { 'a.test': selfSigned({ domains: ['a.test'] }) }
  const tls = serverTls({ contexts, defaultName: 'a.test', ...(ecdhCurve === undefined ? {} : { ecdhCurve }) })
  const listener = await listen({ address: '127.0.0.1', port: 0, ...(secure ? { tls } : {}) }, transport => {
    transport.start(sink)
    accepted()
  })
  return listener.port
}
