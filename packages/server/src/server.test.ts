import { memoryStorage } from '@tercet/storage/memory'
import { memoryPair, type Transport } from '@tercet/stream'
import { expect, test } from 'vitest'
import { createServer } from './index.ts'
import { standardModules } from './modules/index.ts'

class Peer {
  text = ''
  ended = false
  readonly #transport: Transport
  #wake: (() => void) | undefined

  constructor(transport: Transport) {
    this.#transport = transport
    transport.start({
      chunk: bytes => {
        this.text += new TextDecoder().decode(bytes)
        this.#wake?.()
      },
      drained() {},
      ended: () => {
        this.ended = true
        this.#wake?.()
      },
      closed() {},
    })
  }

  send(text: string): void {
    this.#transport.write(text)
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text)
      if (match) {
        this.text = this.text.slice(match.index + match[0].length)
        return match
      }
      if (this.ended) throw new Error(`Ended: ${this.text}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

test('a client opens a stream and is offered SCRAM', async () => {
  const storage = memoryStorage()
  await using server = await createServer({
    storage,
    hosts: [{ name: 'a.test', modules: standardModules }],
    requireTls: false,
  })
  const [near, far] = memoryPair()
  server.accept(far)
  const peer = new Peer(near)
  peer.send(
    "<?xml version='1.0'?><stream:stream to='a.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
  )
  const features = await peer.until(/<stream:features>.*<\/stream:features>/)
  expect(features[0]).toContain('<mechanism>SCRAM-SHA-256</mechanism>')
  peer.send('</stream:stream>')
  await peer.until(/<\/stream:stream>/)
})
