import { memoryStorage } from '@tercet/storage/memory'
import { memoryPair, type Transport } from '@tercet/stream'
import { expect, test } from 'vitest'
import { createServer } from './index.ts'
import { startFixture } from './fixture.ts'
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

test('the directory of the cluster knows the sessions that are here, and how available', async () => {
  await using fixture = await startFixture()
  const { directory, node } = fixture.server.cluster
  const romeo = await fixture.login('romeo@a.test/orchard')
  const account = 'romeo@a.test'
  expect(await directory.find(account)).toEqual([{ account, resource: 'orchard', node, priority: undefined }])
  romeo.send('<presence><priority>5</priority></presence>')
  await romeo.receives("<presence from='romeo@a.test/orchard'/>")
  expect(await directory.find(account)).toEqual([{ account, resource: 'orchard', node, priority: 5 }])
  romeo.send('</stream:stream>')
  await romeo.receivesClose()
  expect(await directory.find(account)).toEqual([])
})
