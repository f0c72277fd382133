import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { listen } from './listen.ts'
import { Recorder, loopback } from './loopback.fixture.ts'

test('bytes and text pass both ways, text as UTF-8', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  wire.peer.write('<a>ü</a>')
  await sink.until(it => it.text === '<a>ü</a>')
  expect(transport.write('<b>☃</b>')).toBe(true)
  const [answer] = (await once(wire.peer, 'data')) as [Buffer]
  expect(answer.toString()).toBe('<b>☃</b>')
  expect(transport).toMatchObject({
    framing: 'tcp',
    tls: undefined,
    remote: { address: '127.0.0.1', port: wire.peer.localPort },
  })
  expect(transport.local).toEqual({ address: '127.0.0.1', port: wire.listener.port })
})

test('what arrives before start() is delivered after it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const sink = new Recorder()
  await using listener = await listen({ address: '127.0.0.1', port: 0 }, transport => {
    peer.write('early', () => {
      setImmediate(() => {
        transport.start(sink)
        resolve()
      })
    })
  })
  const peer = connect(listener.port, '127.0.0.1')
  await promise
  await sink.until(it => it.text === 'early')
  peer.resetAndDestroy()
  await sink.until(it => it.closes.length === 1)
})

test('a peer that stops reading: write() turns false, the buffer stays what was written, drained() follows when it reads on', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  wire.peer.pause()
  const block = 'x'.repeat(16_384)
  let written = 0
  while (transport.write(block)) written += block.length
  written += block.length
  expect(transport.buffered).toBeGreaterThanOrEqual(65_536)
  expect(transport.buffered).toBeLessThanOrEqual(65_536 + block.length)
  expect(sink.drains).toBe(0)
  let read = 0
  wire.peer.on('data', (bytes: Buffer) => (read += bytes.length))
  wire.peer.resume()
  await sink.until(it => it.drains === 1)
  expect(transport.buffered).toBe(0)
  transport.close()
  await once(wire.peer, 'end')
  expect(read).toBe(written)
})

test('pause() stops delivery and slows the sender; resume() goes on', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  transport.pause()
  transport.pause()
  const total = 64 * 1024 * 1024
  const block = Buffer.alloc(1024 * 1024, 120)
  let flushed = 0
  for (let sent = 0; sent < total; sent += block.length) wire.peer.write(block, () => (flushed += block.length))
  // A second connection makes a round trip, so that the first had every chance to move.
  await using other = await loopback()
  const far = await other.accepted
  other.peer.write('ping')
  await far.sink.until(it => it.text === 'ping')
  expect(sink.bytes).toBe(0)
  expect(flushed).toBeLessThan(total / 2)
  transport.resume()
  await sink.until(it => it.bytes === total)
})

test('a half-closed peer still hears us; closed() follows our close() without an error', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  wire.peer.end('bye')
  await sink.until(it => it.ends === 1)
  expect(sink.text).toBe('bye')
  transport.write('farewell')
  const [answer] = (await once(wire.peer, 'data')) as [Buffer]
  expect(answer.toString()).toBe('farewell')
  expect(sink.closes).toEqual([])
  transport.close()
  await sink.until(it => it.closes.length > 0)
  expect(sink.closes).toEqual([undefined])
})

test('close() flushes, ends, discards what still comes, and tells closed() once', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  transport.pause()
  transport.write('last words')
  transport.close()
  transport.close()
  expect(transport.write('too late')).toBe(true)
  const [answer] = (await once(wire.peer, 'data')) as [Buffer]
  await once(wire.peer, 'end')
  expect(answer.toString()).toBe('last words')
  wire.peer.end('ignored')
  await sink.until(it => it.closes.length > 0)
  transport.destroy()
  expect(sink).toMatchObject({ text: '', ends: 0, closes: [undefined] })
})

test('a peer that never closes its side is cut off some seconds after close()', { timeout: 10_000 }, async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  transport.close()
  await sink.until(it => it.closes.length > 0)
  expect(sink.closes).toMatchObject([{ name: 'TransportError', code: 'timeout' }])
})

test('a reset is an error with a code', async () => {
  await using wire = await loopback()
  const { sink } = await wire.accepted
  wire.peer.resetAndDestroy()
  await sink.until(it => it.closes.length > 0)
  expect(sink.closes).toMatchObject([{ name: 'TransportError', code: 'reset' }])
})

test('destroy() ends at once, without an error', async () => {
  await using wire = await loopback()
  const { transport, sink } = await wire.accepted
  transport.destroy()
  transport.destroy()
  await sink.until(it => it.closes.length > 0)
  expect(sink.closes).toEqual([undefined])
})

test('a sink that throws ends its own connection only', async () => {
  await using wire = await loopback()
  const { sink } = await wire.accepted
  sink.onChunk = () => {
    throw new Error('a bug above')
  }
  wire.peer.write('x')
  await sink.until(it => it.closes.length > 0)
  expect(sink.closes).toMatchObject([{ message: 'a bug above' }])
})
