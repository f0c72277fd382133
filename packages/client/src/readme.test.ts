import { listen, selfSigned, serverTls } from '@tercet/net'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ask } from '../examples/readme.ts'
import { tcp } from './node.ts'
import { PASSWORD, Peer } from './peer.fixture.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of the README is examples/readme.ts', () => {
  expect(/```ts\n(.*?)```/s.exec(read('../README.md'))?.[1]).toBe(read('../examples/readme.ts'))
})

test('the example asks, and is answered', async () => {
  const domain = 'capulet.example'
  const certificate = selfSigned({ domains: [domain] })
  const peer = await Peer.start({
    domain,
    tls: serverTls({ contexts: { [domain]: certificate }, defaultName: domain }),
  })
  const listener = await listen({ address: '127.0.0.1', port: 0 }, transport => {
    peer.accept(transport)
  })
  const target = { host: '127.0.0.1', port: listener.port }
  const answer = ask(PASSWORD, 'Wherefore?', tcp({ target, tls: { ca: certificate.cert } }))
  await peer.until(() => peer.sessions.length === 1)
  peer.session.answers = element => {
    if (element.name === 'message') {
      peer.session.send("<message type='chat' from='romeo@montague.example/x'><body>Call me but love</body></message>")
    } else if (element.name === 'iq') {
      const id = element.attr('id') ?? ''
      peer.session.send(`<iq type='result' id='${id}'><query xmlns='jabber:iq:roster'/></iq>`)
      return true
    }
    return false
  }
  expect(await answer).toBe('Call me but love')
  await listener.close()
  await peer[Symbol.asyncDispose]()
})
