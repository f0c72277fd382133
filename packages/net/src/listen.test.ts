import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { listen } from './listen.ts'
import { Recorder } from './loopback.fixture.ts'
import { selfSigned } from './self-signed.ts'
import { serverTls } from './tls.ts'
import type { TransportError } from './error.ts'

const contexts = { 'a.test': selfSigned({ domains: ['a.test'] }) }

test('port 0 takes a free port and tells it', async () => {
  await using listener = await listen({ address: '127.0.0.1', port: 0 }, () => {})
  expect(listener.address).toBe('127.0.0.1')
  expect(listener.port).toBeGreaterThan(0)
})

test('a port in use: the error names address, port and holder', async () => {
  await using listener = await listen({ address: '127.0.0.1', port: 0 }, () => {})
  const second = listen({ address: '127.0.0.1', port: listener.port }, () => {})
  await expect(second).rejects.toMatchObject({ name: 'TransportError', code: 'address-in-use' })
  const holder = process.platform === 'linux' ? ` by pid ${process.pid} \\(` : ''
  await expect(second).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${listener.port}: the port is in use${holder}`))
})

test('an address that is not ours', async () => {
  await expect(listen({ address: '192.0.2.1', port: 0 }, () => {})).rejects.toMatchObject({
    code: 'address-unavailable',
  })
})

test('close() frees the port at once and leaves accepted connections alone', async () => {
  const sink = new Recorder()
  const listener = await listen({ address: '127.0.0.1', port: 0 }, transport => {
    transport.start(sink)
    transport.write('hello')
  })
  const peer = connect(listener.port, '127.0.0.1')
  await once(peer, 'data')
  await listener.close()
  await using again = await listen({ address: '127.0.0.1', port: listener.port }, () => {})
  expect(again.port).toBe(listener.port)
  peer.write('still here')
  await sink.until(it => it.text === 'still here')
  peer.destroy()
})

test('slow handshakes are cut off by time, and those above the limit at once', async () => {
  const errors: TransportError[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const tls = serverTls({ contexts, defaultName: 'a.test', handshakeTimeoutMs: 100 })
  const onError = (error: TransportError) => {
    errors.push(error)
    if (errors.length === 2) resolve()
  }
  await using listener = await listen({ address: '127.0.0.1', port: 0, tls, maxPendingHandshakes: 2, onError }, () => {
    throw new Error('nobody finished a handshake')
  })
  const peers = Array.from({ length: 3 }, () => {
    const peer = connect(listener.port, '127.0.0.1', () => peer.write(Buffer.from([22, 3, 1])))
    peer.on('error', () => {})
    peer.resume()
    return peer
  })
  await Promise.all(peers.map(peer => new Promise(done => peer.once('close', done))))
  await promise
  expect(errors.map(it => it.code)).toEqual(['timeout', 'timeout'])
})

test('close() drops handshakes under way', async () => {
  const tls = serverTls({ contexts, defaultName: 'a.test' })
  const { promise, resolve } = Promise.withResolvers<TransportError>()
  const listener = await listen({ address: '127.0.0.1', port: 0, tls, onError: resolve }, () => {})
  const peer = connect(listener.port, '127.0.0.1')
  peer.on('error', () => {})
  peer.write(Buffer.from([22]))
  await once(peer, 'connect')
  while (tls.handshakes.size === 0) await new Promise(setImmediate)
  await listener.close()
  expect((await promise).name).toBe('TransportError')
  expect(tls.handshakes.size).toBe(0)
})

test.runIf(process.platform === 'linux')(
  'a process without free file descriptors goes on listening, and serves when it has some',
  async () => {
    const greeter = fileURLToPath(new URL('greeter.fixture.ts', import.meta.url))
    const node = [process.execPath, '--experimental-strip-types', '--conditions=@tercet/source', greeter]
    const server = spawn('sh', ['-c', 'ulimit -n 48 && exec "$@"', 'sh', ...node], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const peers: Socket[] = []
    try {
      const [port] = (await once(server, 'message')) as [number]
      const dialled = () => {
        const peer = connect(port, '127.0.0.1')
        peer.on('error', () => {})
        peers.push(peer)
        return new Promise<string>(resolve => {
          peer.once('data', bytes => resolve(bytes.toString()))
          peer.once('close', () => resolve('turned away'))
        })
      }
      const answers = await Promise.all(Array.from({ length: 64 }, dialled))
      expect(answers).toContain('hello')
      expect(answers).toContain('turned away')
      server.send('close')
      await once(server, 'message')
      expect(await dialled()).toBe('hello')
    } finally {
      server.kill()
      for (const peer of peers) peer.destroy()
    }
  },
)
